# prelude.sh: how every check starts and ends. Sourced, never run.
# A check calls problem for each thing it finds, and verdict at its end; what it does not expect ends it as failed.

set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'echo "  the check itself failed in line $LINENO" >&2' ERR

problem_count=0

# problem TEXT
problem() {
    problem_count=$((problem_count + 1))
    printf '  %s\n' "$1"
}

# problems FILE [PREFIX]: each line of the file is a problem
problems() {
    local line
    while IFS= read -r line; do problem "${2:-}$line"; done <"$1"
}

# verdict CHECKED TODO: says what was checked, or what to do, and exits
verdict() {
    if [ $problem_count -eq 0 ]; then
        echo "  ok: $1"
        exit 0
    fi
    echo "  what to do: $2"
    exit 1
}

# files PATTERN...: the files of the tree that git knows or would add
files() {
    git ls-files --cached --others --exclude-standard -- "$@" | while IFS= read -r file; do
        [ ! -f "$file" ] || printf '%s\n' "$file"
    done
}

# The compiler that SwiftPM uses for C, and the flags that Package.swift gives CUnwindShim.
clang() {
    if [ -z "${clang_path:-}" ]; then
        local resources
        resources=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
        clang_path=$resources/../../bin/clang
    fi
    "$clang_path" -std=gnu17 -D_GNU_SOURCE -fPIC -ISources/CUnwindShim/include -ISources/CUnwindShim \
        -Wfunction-effects -Werror=function-effects "$@"
}
