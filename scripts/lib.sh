# shellcheck shell=bash
# What the scripts of this folder share: where things are, and how they speak.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# Colours only for eyes: a terminal, and no NO_COLOR (https://no-color.org).
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' yellow=$'\e[33m' reset=$'\e[0m'
else
    bold='' dim='' red='' green='' yellow='' reset=''
fi
# shellcheck disable=SC2034 # used by the scripts that source this file
readonly root bold dim red green yellow reset

say() { printf '%s\n' "${bold}$*${reset}"; }

note() { printf '%s\n' "$*" >&2; }

die() {
    note "${0##*/}: $*"
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# deb_field PACKAGE FIELD: of an installed Debian package; nothing when it is not installed.
deb_field() {
    have dpkg-query || return 0
    case $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true) in
        installed) dpkg-query -W -f "\${$2}" "$1" ;;
    esac
}
