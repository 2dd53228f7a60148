"""The AWS services behind the functions: a moto server and the data resources in it."""
