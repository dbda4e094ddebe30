"""The sandbox's GraphQL API: a schema file and a module of resolvers for each subject."""
