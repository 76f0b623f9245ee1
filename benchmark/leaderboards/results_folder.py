"""A results folder as it is read: leaderboard, scores of every sample, cost, provenance; digests are checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from ...errors import StoreError, UnknownNameError
from ..execution.stored.run import StoredRun
from ..metrics.spec import MetricSpec
from ..storage.csv_tables import Layout, content_of, is_folder, parse_table
from ..suites.provenance import FILE as PROVENANCE
from ..suites.provenance import Provenance, digest_of, digest_of_file, digests_of, read_provenance
from ..suites.registry import Registries
from ..suites.selection import select
from .columns import IDENTITY, metric_names
from .cost import COST
from .cost import LAYOUT as COST_LAYOUT
from .leaderboard_file import FILE, parse_leaderboard
from .ranks_file import FILE as RANKS
from .ranks_file import LAYOUT as RANKS_LAYOUT
from .rows import Rows
from .sample_scores import FILE as SCORES
from .sample_scores import parse_scores
from .shared_samples import over_data

KINDS = ("tasks", "architectures", "methods")  # of the columns that tell rows apart, in their order


@dataclass(frozen=True)
class ResultsFolder:
    """What a run left in a results folder, or a leaderboard.csv alone; a file is read when it is asked for.

    A table whose bytes are others than those that the folder's provenance.json records is refused with a StoreError.

    Attributes:
        path: the folder or CSV file.
    """

    path: Path

    @cached_property
    def is_whole(self) -> bool:
        """Whether it is a folder, and no CSV file alone.

        Raises:
            StoreError: that cannot be told.
        """
        return is_folder(self.path)

    @cached_property
    def folder(self) -> Path:
        """The folder, or the one that holds the CSV file."""
        return self.path if self.is_whole else self.path.parent

    @property
    def name(self) -> str:
        """The suite's name, which is that of the folder."""
        return self.folder.absolute().name

    @cached_property
    def provenance(self) -> Provenance | None:
        """What the numbers depend on, None where the folder does not hold that.

        Raises:
            StoreError: provenance.json is damaged, or a newer saltbench wrote it.
        """
        return read_provenance(self.folder)

    @cached_property
    def run(self) -> StoredRun | None:
        """What is stored of the run, such as its maps; None where the folder does not say what was run.

        Raises:
            StoreError: provenance.json is damaged, or a newer saltbench wrote it.
        """
        return StoredRun.of(self.provenance, self.folder) if self.provenance else None

    @cached_property
    def table(self) -> pd.DataFrame:
        """The leaderboard, one row for each task, architecture and method.

        Raises:
            StoreError: there is none, it is damaged, or it was changed since the run.
        """
        path = self.folder / FILE if self.is_whole else self.path
        return parse_leaderboard(self._content(path), path)

    @property
    def scores(self) -> pd.DataFrame | None:
        """One row a sample, as in `Collection.scores`; None where there are none, see `without_scores`.

        Those of a crossed suite are averaged over repetitions that explain the same samples.

        Raises:
            StoreError: the leaderboard or the scores are damaged, or were changed since the run.
        """
        return self._scores[0]

    @property
    def without_scores(self) -> str:
        """Why there are no scores of samples; empty where there are."""
        return self._scores[1]

    @cached_property
    def ranks(self) -> pd.DataFrame | None:
        """The ranks of methods that a run wrote beside the scores that they are from; None where none are vouched for.

        Raises:
            StoreError: they are damaged.
        """
        is_vouched = self.is_whole and all(
            (recorded := self._digests.get(name)) and recorded == digest_of_file(self.folder / name)
            for name in (FILE, RANKS, SCORES)
        )
        return self.read(RANKS, RANKS_LAYOUT) if is_vouched else None

    def ranks_by(self, metric: MetricSpec) -> pd.DataFrame | None:
        """Return the `ranks` by a metric that is still what it was in the run; None of others.

        Raises:
            StoreError: the ranks are damaged.
        """
        if self.ranks is None or self.provenance is None:
            return None
        known = {(choice.name, choice.version, choice.source) for choice in self.provenance.suite.metrics}
        is_same = (metric.name, metric.version, metric.origin()) in known
        return self.ranks[self.ranks.metric == metric.name] if is_same else None

    @cached_property
    def knows_ties(self) -> bool:
        """Whether it can be told which methods differ from the best: there are ranks, or scores of samples.

        Raises:
            StoreError: these are damaged, or were changed since the run.
        """
        return self.ranks is not None or self.scores is not None

    @cached_property
    def cost(self) -> pd.DataFrame | None:
        """What maps cost, None where the folder does not hold it.

        Raises:
            StoreError: cost.csv is damaged, or was changed since the run.
        """
        return self.read(COST, COST_LAYOUT) if (self.folder / COST).exists() else None

    def read(self, name: str, layout: Layout) -> pd.DataFrame:
        """Return another CSV table of the folder, (rows, columns) as `parse_table` does.

        Raises:
            StoreError: it is absent, damaged, or was changed since the run.
        """
        path = self.folder / name
        return parse_table(self._content(path), path, layout)

    def rows(self, name: str, layout: Layout) -> Rows:
        """Return all rows of another CSV table of the folder, to be narrowed down.

        Raises:
            StoreError: it is absent, damaged, or was changed since the run.
        """
        return Rows(self.read(name, layout), self.folder / name)

    def unverified(self, others: Sequence[str] = ()) -> list[Path]:
        """Return the tables that no provenance records the digest of: the leaderboard, and others that stand there.

        Raises:
            StoreError: provenance.json is damaged, or a newer saltbench wrote it.
        """
        names = (FILE, *others) if self.is_whole else (self.path.name,)
        return [path for name in names if name not in self._digests and (path := self.folder / name).exists()]

    @cached_property
    def _digests(self) -> Mapping[str, str]:
        return digests_of(self.folder)

    @cached_property
    def _scores(self) -> tuple[pd.DataFrame | None, str]:
        if not self.is_whole:
            return None, f"{self.path} is a CSV file alone, per-sample scores are read from a folder"
        path = self.folder / SCORES
        if not path.exists():
            return None, f"{self.path} holds no {SCORES}"
        scores = parse_scores(self._content(path), path, metric_names(self.table))
        if self.provenance:
            scores = over_data(scores, self.provenance.suite.seeds)
        if stranger := _first_of_other_mean(self.table, scores):
            return None, f"{SCORES} in {self.path} is of another run than {FILE} (first seen at {stranger})"
        return scores, ""

    def _content(self, path: Path) -> bytes:
        content = content_of(path)
        recorded = self._digests.get(path.name)
        if recorded is not None and recorded != digest_of(path.name, content):
            raise StoreError(
                f"{path} was changed or damaged since the run that {PROVENANCE} beside it records; run again, "
                "or move the file to another folder to read it alone"
            )
        return content


@dataclass(frozen=True)
class _Narrowed(ResultsFolder):
    """A results folder of which some rows are shown."""

    whole: ResultsFolder
    kept: Mapping[str, Sequence[str]]  # names by column

    @cached_property
    def table(self) -> pd.DataFrame:
        return self._of(self.whole.table).reset_index(drop=True)

    @cached_property
    def ranks(self) -> pd.DataFrame | None:
        # ranks among fewer methods are others
        return None if "method" in self.kept or self.whole.ranks is None else self._of(self.whole.ranks)

    @cached_property
    def _scores(self) -> tuple[pd.DataFrame | None, str]:
        scores, why = self.whole.scores, self.whole.without_scores
        return (None if scores is None else self._of(scores)), why

    def _of(self, rows: pd.DataFrame) -> pd.DataFrame:
        for column, names in self.kept.items():
            rows = rows[rows[column].isin(names)]
        return rows


def narrow(
    *folders: ResultsFolder,
    registries: Registries,
    tasks: Sequence[str] = (),
    architectures: Sequence[str] = (),
    methods: Sequence[str] = (),
) -> list[ResultsFolder]:
    """Return results folders with the rows whose names match a pattern of each kind; no pattern matches all.

    Reference methods have no architecture: patterns of architectures keep them, patterns of methods do not.

    Args:
        folders: one, or several whose names are chosen alike: a name that only one of them has is none of the others'.
        registries: where the tags of entries are looked up.
        tasks: shell patterns of names, or `tag:` and one of tags.
        architectures: likewise.
        methods: likewise.

    Raises:
        UnknownNameError: a pattern that matches nothing, or no row that matches all of them.
        StoreError: as `ResultsFolder.table`.
    """
    kept: dict[str, list[str]] = {}
    for column, kind, patterns in zip(IDENTITY, KINDS, (tasks, architectures, methods), strict=True):
        if patterns:
            names = dict.fromkeys(name for folder in folders for name in folder.table[column] if name)
            kept[column] = select(column, patterns, getattr(registries, kind).tags_of(names))
    if not kept:
        return [*folders]
    if "architecture" in kept:
        kept["architecture"].append("")
    shown: list[ResultsFolder] = [_Narrowed(folder.path, folder, kept) for folder in folders]
    if all(folder.table.empty for folder in shown):
        paths = " or ".join(str(folder.path) for folder in folders)
        raise UnknownNameError(f"no row of {paths} matches all of the patterns together; widen one of them")
    return shown


def _first_of_other_mean(table: pd.DataFrame, scores: pd.DataFrame) -> str:
    """Return the first row of a leaderboard whose numbers are not the means of the scores, empty if all are."""
    names = metric_names(table)
    means = scores.groupby([*IDENTITY, "seed"])[names].mean().groupby(IDENTITY).mean()
    names = [name for name in names if means[name].notna().any()]  # a pooled score is no mean of samples
    complete = table[table.status == "ok"].set_index(IDENTITY)[names]
    equal = np.isclose(complete, means[names].reindex(complete.index), equal_nan=True).all(axis=1)
    return "" if equal.all() else " ".join(filter(None, complete.index[~equal][0]))
