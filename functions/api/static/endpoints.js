// @ts-check
/** Reads the AsyncAPI document into endpoints and the fields their forms need. No DOM here. */

/** @typedef {{ [key: string]: any }} Schema a JSON Schema object, as the document has it */
/** @typedef {"text" | "number" | "integer" | "boolean" | "choice" | "list" | "json"} FieldKind */
/**
 * @typedef {object} Field
 * @property {string} name key in the message
 * @property {string} title
 * @property {string} hint description and limits in words; may be empty
 * @property {FieldKind} kind
 * @property {boolean} required
 * @property {unknown} initial the default, or undefined
 * @property {unknown[]} choices for kind `choice`
 * @property {Record<string, string | number>} attributes for the input element
 */
/**
 * @typedef {object} Endpoint
 * @property {string} name
 * @property {string} title
 * @property {string} description
 * @property {Field[]} fields
 * @property {boolean} isChat one required text, and beside it at most switches that are off
 * @property {boolean} streams whether it answers with parts that come while it runs
 * @property {Record<string, unknown>[]} examples payloads worth trying
 */

const LIMIT_WORTH_TELLING = 1_000_000_000;

/** Input types for the `format`s that browsers have a control for. @type {Record<string, string>} */
const INPUT_TYPES = {
  date: "date",
  time: "time",
  "date-time": "datetime-local",
  email: "email",
  uri: "url",
  password: "password",
};

/**
 * All endpoints, in the document's order.
 *
 * @param {any} document an AsyncAPI 3 document
 * @returns {Endpoint[]}
 */
export function endpointsOf(document) {
  return Object.entries(document?.channels ?? {}).map(([name, channel]) =>
    endpointOf(name, resolve(channel, document), document),
  );
}

/** @param {string} name @param {Schema} channel @param {any} document @returns {Endpoint} */
function endpointOf(name, channel, document) {
  const input = resolve(channel.messages?.input ?? {}, document);
  const fields = fieldsOf(resolve(input.payload ?? {}, document), document);
  return {
    name,
    title: channel.title && channel.title !== name ? channel.title : titled(name),
    description: (channel.description ?? "").trim(),
    fields,
    isChat: fields.filter(isPlainText).length === 1 && fields.every((field) => isPlainText(field) || isSwitch(field)),
    streams: "accepted" in (channel.messages ?? {}),
    examples: (input.examples ?? [])
      .map((/** @type {Schema} */ example) => example.payload)
      .filter((/** @type {unknown} */ payload) => payload && typeof payload === "object"),
  };
}

/** @param {Field} field */
export function isPlainText(field) {
  return field.kind === "text" && field.required && !("type" in field.attributes);
}

/** @param {Field} field */
function isSwitch(field) {
  return field.kind === "boolean" && field.initial === false;
}

/** @param {Schema} payload @param {any} document @returns {Field[]} */
function fieldsOf(payload, document) {
  const required = new Set(payload.required ?? []);
  return Object.entries(payload.properties ?? {})
    .filter(([name]) => !name.startsWith("$"))
    .map(([name, property]) => {
      const schema = withoutNull(resolve(property, document), document);
      const { kind, choices } = kindOf(schema, document);
      return {
        name,
        // The title of a type that the field refers to is the type's.
        title: property.title || titled(name),
        hint: [schema.description, limitsOf(schema)].filter(Boolean).join(" "),
        kind,
        choices,
        required: required.has(name),
        initial: schema.default ?? undefined,
        attributes: attributesOf(schema, kind),
      };
    });
}

/** @param {Schema} schema @param {any} document @returns {{ kind: FieldKind, choices: unknown[] }} */
function kindOf(schema, document) {
  if (Array.isArray(schema.enum)) return { kind: "choice", choices: schema.enum };
  if ("const" in schema) return { kind: "choice", choices: [schema.const] };
  const types = typesOf(schema, document);
  const only = (/** @type {string[]} */ ...allowed) =>
    types.length > 0 && types.every((type) => allowed.includes(type));
  if (only("string")) return { kind: "text", choices: [] };
  if (only("integer")) return { kind: "integer", choices: [] };
  if (only("integer", "number")) return { kind: "number", choices: [] };
  if (only("boolean")) return { kind: "boolean", choices: [] };
  if (only("array") && isListOfWords(schema, document)) return { kind: "list", choices: [] };
  return { kind: "json", choices: [] };
}

/** Whether commas can stand between the items: a pattern that lets none through keeps them apart. @param {Schema} schema @param {any} document */
function isListOfWords(schema, document) {
  const { type, pattern } = resolve(schema.items ?? {}, document);
  return type === "string" && typeof pattern === "string" && !new RegExp(pattern, "u").test("A,B");
}

/** The JSON types a schema allows, looking through anyOf/oneOf. @param {Schema} schema @param {any} document @returns {string[]} */
function typesOf(schema, document) {
  const variants = schema.anyOf ?? schema.oneOf;
  if (!variants) return [schema.type ?? "unknown"].flat();
  return variants.flatMap((/** @type {Schema} */ variant) =>
    typesOf(resolve(variant, document), document),
  );
}

/** `X | None` is an optional X; an empty control leaves the key out. @param {Schema} schema @param {any} document @returns {Schema} */
function withoutNull(schema, document) {
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((type) => type !== "null");
    return { ...schema, type: types.length === 1 ? types[0] : types };
  }
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf)) return schema;
  const variants = anyOf.filter((variant) => variant.type !== "null");
  if (variants.length !== 1) return { ...rest, anyOf: variants };
  return { ...resolve(variants[0], document), ...rest };
}

/**
 * Follows `$ref` and single `allOf` within the document; keys beside a `$ref` win over its target.
 *
 * @param {Schema} schema
 * @param {any} document
 * @returns {Schema}
 */
function resolve(schema, document, depth = 0) {
  const { $ref, allOf, ...rest } = schema;
  if (depth > 20) return rest;
  if (typeof $ref === "string") {
    const target = $ref
      .replace(/^#\//, "")
      .split("/")
      .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"))
      .reduce((node, part) => node?.[part], document);
    return { ...resolve(target ?? {}, document, depth + 1), ...rest };
  }
  if (Array.isArray(allOf) && allOf.length === 1) {
    return { ...resolve(allOf[0], document, depth + 1), ...rest };
  }
  return schema;
}

/** @param {Schema} schema @param {FieldKind} kind @returns {Record<string, string | number>} */
function attributesOf(schema, kind) {
  /** @type {[string, string | number | undefined][]} */
  const wanted = [];
  if (kind === "number" || kind === "integer") {
    wanted.push(["min", schema.minimum], ["max", schema.maximum]);
    wanted.push(["step", schema.multipleOf ?? (kind === "integer" ? 1 : "any")]);
  }
  if (kind === "text") {
    wanted.push(["minlength", schema.minLength], ["maxlength", schema.maxLength]);
    wanted.push(["pattern", schema.pattern], ["type", INPUT_TYPES[schema.format]]);
  }
  /** @type {Record<string, string | number>} */
  const attributes = {};
  for (const [name, value] of wanted) if (value !== undefined) attributes[name] = value;
  return attributes;
}

/** The limits in words; those nobody reaches by accident are noise. @param {Schema} schema */
function limitsOf(schema) {
  const constraint = (/** @type {string} */ key) =>
    Math.abs(schema[key]) <= LIMIT_WORTH_TELLING ? schema[key] : undefined;
  const [low, high] = [constraint("minimum"), constraint("maximum")];
  const isRange = low !== undefined && high !== undefined;
  /** @type {[string, number | undefined][]} */
  const phrases = [
    [`from ${low} to ${high}`, isRange ? low : undefined],
    [`at least ${low}`, isRange ? undefined : low],
    [`at most ${high}`, isRange ? undefined : high],
    [`more than ${schema.exclusiveMinimum}`, constraint("exclusiveMinimum")],
    [`less than ${schema.exclusiveMaximum}`, constraint("exclusiveMaximum")],
    [`up to ${schema.maxLength} characters`, constraint("maxLength")],
    [`up to ${schema.maxItems}, separated by commas`, constraint("maxItems")],
  ];
  const text = phrases.flatMap(([phrase, limit]) => (limit === undefined ? [] : phrase)).join(", ");
  return text && `${text[0].toUpperCase()}${text.slice(1)}.`;
}

/** `from_unit` → `From unit`. @param {string} name */
export function titled(name) {
  const words = name.replaceAll(/[_-]+/g, " ").trim();
  return words ? words[0].toUpperCase() + words.slice(1) : name;
}
