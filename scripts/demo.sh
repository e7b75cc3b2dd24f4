#!/bin/sh
# The four shipped campaigns over 45 days, in a copy of the project so that nothing of yours is touched:
# scripts/demo.sh REKINDLE
#
# The sample's "now" is fixed, so every run gives the same numbers.
set -eu

rekindle=$1
here=var/demo

rm -rf "$here"
mkdir -p "$here"
cp -R campaigns "$here/project"
rm -rf "$here/project/var"

say() { printf '\n\033[1m%s\033[0m\n' "$1"; }
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || say() { printf '\n%s\n' "$1"; }
run() {
    echo "\$ rekindle $*"
    "$rekindle" --project "$here/project" "$@"
}

say "1. Are the files right?"
run validate

say "2. Do the campaigns do what their tests say?"
run test

say "3. 45 days, as fast as they go. Nobody is reached: messages land in a folder."
run run --virtual --from 2026-03-02T15:00:00Z --until 45d

say "4. What happened, and what did not, and why"
run status

say "Look around"
echo "  every message is a file:   ls $here/project/var/outbox"
echo "  one person's whole story:  $rekindle --project $here/project explain EMAIL"
echo "  a campaign as a picture:   $rekindle graph closed_lost"
