// @ts-check
/** `game:TABLE`: tic-tac-toe, to play and to watch. */

import { element } from "../dom.js";
import { remark } from "./bubbles.js";

/** @typedef {import("../content.js").Message} Message */
/** @typedef {import("./view.js").ViewContext} ViewContext */
/**
 * @typedef {object} Game
 * @property {string} board nine cells by row, each `X`, `O` or `.`
 * @property {{ [mark: string]: string }} players users by mark
 * @property {string | null} turn
 * @property {string | null} winner a mark or `draw`
 * @property {number} change grows with every change
 */

const LINES = ["012", "345", "678", "036", "147", "258", "048", "246"];
const SIDE = 3;
/** @type {Record<string, number>} */
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -SIDE, ArrowDown: SIDE };

/** @type {import("./view.js").ViewMaker} */
export function boardView(context) {
  const board = new Board(context);
  return {
    element: board.element,
    lossy: true,
    show: ({ payload, sentAt }) => board.show(payload, sentAt),
    reply: (reply) => board.show(reply, Date.now()),
  };
}

/** The game in a message, if it has one. @param {Message} message @returns {Game | null} */
function gameIn(message) {
  const { board, players, change } = message;
  const complete =
    typeof board === "string" &&
    /^[XO.]{9}$/.test(board) &&
    players !== null &&
    typeof players === "object" &&
    typeof change === "number";
  return complete ? /** @type {Game} */ (/** @type {unknown} */ (message)) : null;
}

class Board {
  #context;
  #status = element("p", { class: "turn" });
  #cells = Array.from({ length: SIDE * SIDE }, (_, index) => this.#cell(index));
  #grid = element("div", { class: "board", role: "group" });
  element = element("div", { class: "game" });
  /** @type {Game | null} */ #game = null;

  /** @param {ViewContext} context */
  constructor(context) {
    this.#context = context;
    this.#grid.setAttribute("aria-label", `Board of table ${context.subject}`);
    this.#grid.append(...this.#cells);
    this.#grid.addEventListener("keydown", (event) => this.#onKey(event));
    this.element.append(this.#status, this.#grid);
  }

  /** Shows a game unless a newer one is shown. @param {Message} message @param {number} at */
  show(message, at) {
    const before = this.#game;
    const game = gameIn(message);
    if (!game || (before && game.change <= before.change)) return null;
    this.#game = game;
    this.#draw(game);
    return remark(at, this.#news(before, game));
  }

  /** @param {Game} game */
  #draw({ board, players, turn, winner }) {
    const mine = this.#markOf(players);
    const free = winner === null && turn !== null && turn === mine && Object.keys(players).length === 2;
    const won = new Set(LINES.find((line) => winner && [...line].every((at) => board[+at] === winner)));
    for (const [index, cell] of this.#cells.entries()) {
      const mark = board[index] === "." ? "" : board[index];
      cell.textContent = mark;
      cell.dataset.mark = mark;
      cell.classList.toggle("won", won.has(String(index)));
      cell.setAttribute("aria-label", `${placeOf(index)}: ${mark || "empty"}`);
      // Not `disabled`: the focus would be lost with every move.
      cell.setAttribute("aria-disabled", String(!free || mark !== ""));
    }
    this.#status.textContent = this.#standing();
  }

  /** @param {number} index */
  #cell(index) {
    const cell = element("button", { type: "button", tabindex: index === 4 ? 0 : -1 });
    cell.addEventListener("click", () => {
      if (cell.getAttribute("aria-disabled") === "true") return;
      this.#context.act({ action: "move", table: this.#context.subject, cell: index + 1 });
    });
    return cell;
  }

  /** Arrow keys walk over the board, which is one stop for Tab. @param {KeyboardEvent} event */
  #onKey(event) {
    const step = STEPS[event.key];
    const from = this.#cells.findIndex((cell) => cell === event.target);
    if (step === undefined || from < 0) return;
    event.preventDefault();
    const sideways = Math.abs(step) === 1;
    const to = from + step;
    if (sideways && Math.floor(to / SIDE) !== Math.floor(from / SIDE)) return;
    const next = this.#cells[to];
    if (!next) return;
    for (const cell of this.#cells) cell.tabIndex = cell === next ? 0 : -1;
    next.focus();
  }

  #standing() {
    const { players, turn, winner } = /** @type {Game} */ (this.#game);
    const mine = this.#markOf(players);
    const { X = "?", O = "?" } = players;
    if (winner === "draw") return "A draw.";
    if (winner) return winner === mine ? "You win!" : `${players[winner]} wins.`;
    if (Object.keys(players).length < 2) return mine ? `You are ${mine}. Waiting for another.` : "Waiting for players.";
    if (turn === mine) return `Your turn: you are ${mine}.`;
    const whose = `${players[turn ?? "X"]}’s turn`;
    return mine ? `${whose}; you are ${mine}.` : `${whose}. ${X} (X) plays ${O} (O).`;
  }

  /** What happened, and how the game stands. @param {Game | null} before @param {Game} after */
  #news(before, after) {
    const moved = [...after.board].findIndex((mark, at) => before && mark !== "." && before.board[at] !== mark);
    const mark = after.board[moved];
    const who = this.#named(after.players[mark]);
    const move = moved < 0 ? "" : `${who}: ${mark} at ${placeOf(moved)}. `;
    return `${move}${this.#standing()}`;
  }

  /** @param {string | undefined} name */
  #named(name) {
    return name === this.#context.username ? "You" : (name ?? "Nobody");
  }

  /** @param {Game["players"]} players */
  #markOf(players) {
    return Object.keys(players).find((mark) => players[mark] === this.#context.username);
  }
}

/** @param {number} index */
function placeOf(index) {
  return `row ${Math.floor(index / SIDE) + 1}, column ${(index % SIDE) + 1}`;
}
