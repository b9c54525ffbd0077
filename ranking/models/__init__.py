"""Neural models and their inputs."""
