"""Operations decomposed into others that have rules, for every rule set."""
