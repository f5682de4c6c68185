"""The OpenAPI description of the REST API, and its page for people. It is composed only when somebody asks for it."""
