"""``python -m deeplake_labelbox``: the command line."""

from deeplake_labelbox._cli import main

if __name__ == "__main__":
    main()
