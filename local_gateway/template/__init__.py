"""From a SAM or CloudFormation template to the gateway's typed model.

`document` reads YAML or JSON into plain values and keeps the line of each, for every error names
its place. `loading` gives the parameters their values, lets the SAM translator expand the template
to CloudFormation, decides the conditions, refuses what the gateway does not serve, and takes the
resources of nested stacks in: the result is a `Template`, with intrinsic functions still in it.
Then `local_gateway.aws_services` creates the data resources in moto and returns `ResourceValues`,
which answer `Ref` and `Fn::GetAtt`. With these, `application` resolves what is left, and the
`readers` turn functions, layers, APIs, queues, rules and schedules into `core.model.Application`.
`intrinsics`, which evaluates and rewrites CloudFormation's functions and dynamic references, serves
all of these steps. Each step adds what is wrong to `document.problems.Problems` and goes on without
it, so that a person sees all problems of a template at once.
"""
