#!/bin/sh
# Make a virtual environment if there is none; on Debian that needs the package python3-venv.
#   make_venv.sh PYTHON FOLDER
set -eu
python=$1
folder=$2
[ ! -x "$folder/bin/pip" ] || exit 0
if ! command -v "$python" >/dev/null; then
    sh "$(dirname "$0")/system_packages.sh" python3 python3-venv
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Veil needs Python 3.11 or later; give one with: make PYTHON=/path/to/python3.12" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    sh "$(dirname "$0")/system_packages.sh" python3-venv
fi
"$python" -m venv "$folder"
