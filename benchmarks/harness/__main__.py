"""`benchmarks/run`: see USAGE."""

import sys

from . import BenchError

USAGE = """usage: benchmarks/run instructions

  instructions  instructions per request under valgrind, against the budget"""


def main(arguments):
    try:
        if arguments == ["instructions"]:
            from . import instructions
            instructions.check(instructions.measure())
        else:
            print(USAGE, file=sys.stderr)
            return 2
    except BenchError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    return 0


sys.exit(main(sys.argv[1:]))
