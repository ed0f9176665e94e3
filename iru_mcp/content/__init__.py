"""What the server offers beside tools: instructions, prompts, resources, completions."""
