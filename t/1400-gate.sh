#!/bin/sh
# smoke
. "${0%/*}/test-lib.sh"
need jq
. "$SRC/t/lib-pg.sh"
pg_start
set -x
S=$T/spool; export SLUICE_SPOOL=$S
for i in 1 2 3; do echo '{"type":"metric","ts":'$((1795000000+i))',"name":"m","value":1.5,"labels":{"a":"b"}}'; done >m.ndjson
spool-write -s $S <m.ndjson
manifest list
spool-gate >open.ev; cat open.ev
manifest list
spool-replay <open.ev
manifest list
manifest list -f text
manifest show $(jq -r .batch_tag open.ev)
manifest show -f text $(jq -r .batch_tag open.ev)
manifest verify; echo rc $?
find $S
set +x
finish
