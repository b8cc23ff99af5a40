"""Circles among people who give to one another."""

from collections.abc import Collection


def in_circles(gifts: Collection[tuple[int, int]]) -> set[int]:
    """Who gets back, over any number of others, what they give.

    Takes time in proportion to the number of gifts, however long the circles are.

    Args:
        gifts: who gives to whom, each pair once; nobody to themselves.
    """
    # They take long to import, and only a worker looks for circles.
    import numpy as np
    from scipy.sparse import coo_array  # type: ignore[import-untyped]
    from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]

    if not gifts:
        return set()
    people, ends = np.unique(np.array(list(gifts)), return_inverse=True)
    senders, recipients = ends.reshape(-1, 2).T
    graph = coo_array((np.ones(len(senders)), (senders, recipients)), shape=(len(people), len(people)))
    # Within a strongly connected component everybody reaches everybody; whoever is in no circle is one alone.
    _, components = connected_components(graph, connection="strong")
    return set(people[np.bincount(components)[components] > 1].tolist())
