"""Every metric again, for one sample, in plain Python loops straight from its definition."""

import math

Grid = list[list[float]]


def flat(grid: Grid) -> list[float]:
    return [float(value) for row in grid for value in row]


def scaled(attributions: Grid) -> list[float]:
    magnitude = [abs(value) for value in flat(attributions)]
    low, high = min(magnitude), max(magnitude)
    if low == high:
        return [0.0 if high == 0 else 1.0] * len(magnitude)
    return [(value - low) / (high - low) for value in magnitude]


def weighted_jaccard(attributions: Grid, truth: Grid) -> float:
    pairs = list(zip(flat(truth), scaled(attributions), strict=True))
    if all(r == 0 for r, _ in pairs):
        return math.nan
    return sum(min(pair) for pair in pairs) / sum(max(pair) for pair in pairs)


def euclidean(attributions: Grid, truth: Grid) -> float:
    pairs = list(zip(flat(truth), scaled(attributions), strict=True))
    norm = math.sqrt(sum(r * r for r, _ in pairs))
    return math.sqrt(sum((r - s) ** 2 for r, s in pairs)) / norm if norm else math.nan


def precision_steps(scores: list[float], relevance: list[float]) -> float:
    total, recall_before, area = sum(relevance), 0.0, 0.0
    if total == 0:
        return math.nan
    for threshold in sorted(set(scores), reverse=True):
        retrieved = [r for score, r in zip(scores, relevance, strict=True) if score >= threshold]
        recall = sum(retrieved) / total
        area += (recall - recall_before) * sum(retrieved) / len(retrieved)
        recall_before = recall
    return area


def average_precision(attributions: Grid, truth: Grid) -> float:
    return precision_steps([abs(value) for value in flat(attributions)], flat(truth))


def roc_auc(attributions: Grid, truth: Grid) -> float:
    cells = [(abs(a), r) for a, r in zip(flat(attributions), flat(truth), strict=True)]
    won = pairs = 0.0
    for positive, r in cells:
        for negative, q in cells:
            weight = r * (1 - q)
            pairs += weight
            won += weight * (1.0 if positive > negative else 0.5 if positive == negative else 0.0)
    return won / pairs if pairs else math.nan


def members(scores: list[float], k: int) -> list[float]:
    membership = [0.0] * len(scores)
    places = float(k)
    for value in sorted(set(scores), reverse=True):
        group = [cell for cell, score in enumerate(scores) if score == value]
        for cell in group:
            membership[cell] = min(1.0, places / len(group))
        places = max(0.0, places - len(group))
    return membership


def top_k_jaccard(attributions: Grid, truth: Grid) -> float:
    relevance = flat(truth)
    if sum(relevance) == 0:
        return math.nan
    k = max(1, round(sum(relevance)))
    found, sought = members([abs(value) for value in flat(attributions)], k), members(relevance, k)
    pairs = list(zip(found, sought, strict=True))
    return sum(min(pair) for pair in pairs) / sum(max(pair) for pair in pairs)


def relevance_mass(attributions: Grid, truth: Grid) -> float:
    magnitude, relevance = [abs(value) for value in flat(attributions)], flat(truth)
    if sum(relevance) == 0:
        return math.nan
    if sum(magnitude) == 0:
        magnitude = [1.0] * len(magnitude)
    return sum(m * r for m, r in zip(magnitude, relevance, strict=True)) / sum(magnitude)


def transposed(grid: Grid) -> Grid:
    return [list(column) for column in zip(*grid, strict=True)]


def time_average_precision(attributions: Grid, truth: Grid) -> float:
    relevance = [max(row) for row in truth]
    if len(set(relevance)) == 1:
        return math.nan
    return precision_steps([sum(abs(value) for value in row) / len(row) for row in attributions], relevance)


def feature_average_precision(attributions: Grid, truth: Grid) -> float:
    return time_average_precision(transposed(attributions), transposed(truth))


def centre(weights: Grid) -> float:
    total = sum(flat(weights))
    if total == 0:
        return math.nan
    return sum(step * value for step, row in enumerate(weights) for value in row) / total


def positional_bias(attributions: Grid, truth: Grid) -> float:
    magnitude = [[abs(value) for value in row] for row in attributions]
    if sum(flat(magnitude)) == 0:
        magnitude = [[1.0] * len(row) for row in magnitude]
    if len(truth) == 1:
        return math.nan if sum(flat(truth)) == 0 else 0.0
    return abs(centre(magnitude) - centre(truth)) / (len(truth) - 1)
