"""`python -m saltbench` is the command `saltbench`."""

from .benchmark.process.module_path import leave_current_folder_out

if __name__ == "__main__":
    leave_current_folder_out()  # -m puts it first, and it may hold modules of the names that come next
    from .benchmark.commands.cli import main

    main()
