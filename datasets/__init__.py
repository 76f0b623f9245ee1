"""Tasks: seeded generators and loaders of labelled series whose salient entries are known."""

if __name__ == "datasets":
    raise ImportError(
        "this folder is a part of saltbench; it was imported as top-level 'datasets' because the repository's "
        "root is on sys.path: run Python with -P (or PYTHONSAFEPATH=1), and import what you need from saltbench"
    )
