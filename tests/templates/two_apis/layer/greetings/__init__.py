def greet(name: str) -> str:
    return f"Halo, {name}!"
