EXPLANATIONS: dict[str, tuple[int, str]]
