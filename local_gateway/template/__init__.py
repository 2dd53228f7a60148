"""From a SAM or CloudFormation template to the gateway's typed model.

The pipeline, in order: `source` reads YAML or JSON and keeps line numbers, `translation` expands
SAM, `loading` makes a `Template`, a backing creates its data resources and answers with
`ResourceValues`, and `application` resolves what is left into `core.model.Application`.
"""
