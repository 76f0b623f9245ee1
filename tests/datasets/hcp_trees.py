"""Writers of small copies of the two HCP archives: their names, shapes, orientation and dtype, and their traps."""

import zlib

import numpy as np

FRAMES = {
    "MOTOR": 284,
    "WM": 405,
    "EMOTION": 176,
    "GAMBLING": 253,
    "LANGUAGE": 316,
    "RELATIONAL": 232,
    "SOCIAL": 274,
}
TASKS = tuple(FRAMES)
# onsets in seconds of each condition, and the duration of its blocks; EMOTION's last block reaches frame 186 of 176
ONSETS = {
    "MOTOR": {
        "lf": ([26.146, 131.414], 12.0),
        "rf": ([41.266, 101.174], 12.0),
        "lh": ([71.506, 146.534], 12.0),
        "rh": ([11.026, 176.63], 12.0),
        "t": ([56.386, 161.51], 12.0),
    },
    "WM": {
        "0bk_body": ([178.682], 27.5),
        "0bk_faces": ([107.332], 27.5),
        "0bk_places": ([250.136], 27.5),
        "0bk_tools": ([36.009], 27.5),
        "2bk_body": ([7.997], 27.5),
        "2bk_faces": ([221.966], 27.5),
        "2bk_places": ([79.302], 27.5),
        "2bk_tools": ([150.533], 27.5),
    },
    "EMOTION": {"fear": ([32.05, 74.183, 116.315], 18.0), "neut": ([10.997, 53.117, 95.249], 18.0)},
    "GAMBLING": {"loss": ([52.205, 139.581], 28.0), "win": ([8.014, 95.893], 28.0)},
    "LANGUAGE": {"math": ([0.02, 55.1, 120.62], 24.36), "story": ([26.4, 81.2, 170.48], 28.74)},
    "RELATIONAL": {"match": ([29.08, 100.43, 118.62], 16.0), "relation": ([10.87, 65.29, 136.81], 16.0)},
    "SOCIAL": {"ment": ([8.03, 84.2, 160.4], 23.0), "rnd": ([46.1, 122.3], 23.0)},
}
BOLD = {
    ("MOTOR", "RL"): 5,
    ("MOTOR", "LR"): 6,
    ("WM", "RL"): 7,
    ("WM", "LR"): 8,
    ("EMOTION", "RL"): 9,
    ("EMOTION", "LR"): 10,
    ("GAMBLING", "RL"): 11,
    ("GAMBLING", "LR"): 12,
    ("LANGUAGE", "RL"): 13,
    ("LANGUAGE", "LR"): 14,
    ("RELATIONAL", "RL"): 15,
    ("RELATIONAL", "LR"): 16,
    ("SOCIAL", "RL"): 17,
    ("SOCIAL", "LR"): 18,
}
STATISTICS = "Median RT : 734.5\nACC : .95\n"  # lies beside the event files and is none


def series(subject, task, direction):
    """The float64 (360, T) series of a run: a level for each parcel, and noise that belongs to this run alone."""
    rng = np.random.default_rng(zlib.crc32(f"{subject} {task} {direction}".encode()))
    return 9000 + 10.0 * np.arange(360)[:, None] + 40 * rng.standard_normal((360, FRAMES[task]))


def write_a(root, subjects=("100307", "100408", "101915"), tasks=TASKS):
    """Write layout A, run 0 = LR."""
    for subject in subjects:
        for task in tasks:
            for direction in ("LR", "RL"):
                run = root / "subjects" / subject / task / f"tfMRI_{task}_{direction}"
                _write_run(run / "data.npy", run / "EVs", subject, task, direction)
    write_regions(root)
    (root / "subjects_list.txt").write_text("".join(f"{subject}\n" for subject in subjects))
    return root


def write_b(root, subjects=("0", "1", "10"), tasks=TASKS):
    """Write layout B, run 0 = RL."""
    for subject in subjects:
        folder = root / "subjects" / subject
        for task in tasks:
            for direction in ("RL", "LR"):
                name = f"bold{BOLD[task, direction]}_Atlas_MSMAll_Glasser360Cortical.npy"
                events = folder / "EVs" / f"tfMRI_{task}_{direction}"
                _write_run(folder / "timeseries" / name, events, subject, task, direction)
                if task == "SOCIAL":
                    (events / "ment.txt").rename(events / "mental.txt")
    write_regions(root)
    return root


def _write_run(path, events, subject, task, direction):
    path.parent.mkdir(parents=True, exist_ok=True)
    events.mkdir(parents=True)
    np.save(path, series(subject, task, direction))
    for condition, (onsets, duration) in ONSETS[task].items():
        write_events(events / f"{condition}.txt", [(onset, duration) for onset in onsets])
    if task == "MOTOR":
        write_events(events / "cue.txt", [(8.013, 3.0), (23.134, 3.0)])
    (events / "Stats.txt").write_text(STATISTICS)


def write_events(path, blocks):
    """Write an event file: onset, duration and amplitude, separated by tabs, without a header."""
    path.write_text("".join(f"{onset}\t{duration}\t1\n" for onset, duration in blocks))


def write_regions(root):
    """Write regions.npy: name, network cut to 12 characters, myelin; the right hemisphere first."""
    rows = [(f"{side}_P{parcel}", "Cingulo-Oper", "1.25") for side in "RL" for parcel in range(180)]
    np.save(root / "regions.npy", np.array(rows))


def write_atlas(path, **changes):
    """Write atlas.npz: 180 parcels a hemisphere on 10,242 vertices, the first 42 of which belong to none."""
    vertices = np.concatenate([np.full(42, -1), np.arange(10_200) % 180])
    arrays = {
        "coords": np.random.default_rng(0).normal(size=(360, 3)),
        "labels_R": vertices,
        "labels_L": np.where(vertices < 0, -1, vertices + 180),
    }
    np.savez(path, **{key: value for key, value in {**arrays, **changes}.items() if value is not None})
    return path
