"""Operations as models see them: names, descriptions, parameters, and what a model answers with."""
