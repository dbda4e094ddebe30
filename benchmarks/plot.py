"""The plot of the README: how many times better, case by case."""

from __future__ import annotations

from pathlib import Path

from benchmarks.bench import Row


def plot(rows: list[Row], path: Path) -> bool:
    """Draw the ratios as bars on a logarithmic scale.

    Args:
        rows: The results; those without a ratio are left out.
        path: The PNG file to write.

    Returns:
        Whether there was anything to draw.
    """
    import matplotlib as mpl  # noqa: PLC0415 - only the plot needs it

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the backend is chosen

    compared = [row for row in rows if row.ratio is not None]
    if not compared:
        return False
    figure, axes = plt.subplots(figsize=(9, 0.42 * len(compared) + 1.2), layout="constrained")
    names = [row.what for row in compared]
    ratios = [row.ratio or 0 for row in compared]
    colors = ["#1f77b4" if ratio >= 1 else "#d62728" for ratio in ratios]
    bars = axes.barh(names, [ratio - 1 for ratio in ratios], left=1, color=colors)
    axes.bar_label(bars, labels=[f"{ratio:.1f}x" for ratio in ratios], padding=3)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_xlim(min(0.7, *(ratio / 1.3 for ratio in ratios)), max(ratios) * 1.4)
    axes.set_xticks([1, 2, 5, 10, 20], ["1x", "2x", "5x", "10x", "20x"])
    axes.minorticks_off()
    axes.margins(y=0.01)
    axes.invert_yaxis()
    axes.set_xlabel("times better than deeplake.integrations.labelbox, same machine, same run")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, dpi=130)
    plt.close(figure)
    return True
