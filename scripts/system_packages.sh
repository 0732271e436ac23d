#!/bin/sh
# Install Debian packages that are missing; without the rights to do so, name them and stop.
#   system_packages.sh PACKAGE...
set -eu
missing=""
for package in "$@"; do
    case "$(dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null)" in
        *" installed") ;;
        *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
    echo "These system packages are missing; install them with: sudo apt-get install$missing" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # one word a package
apt-get install -qq --no-install-recommends $missing >/dev/null
