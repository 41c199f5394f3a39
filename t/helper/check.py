#!/usr/bin/env python3
"""check.py - was everything accepted loaded exactly once?

It shares no code with the tools: it looks at the directories of the spool and
asks PostgreSQL through psql, and compares, as multisets,

	ids that went in  =  rows  +  ids in the files of rejects
	files accepted    =  files in archive/  +  files in failed/
	ledger            =  contents of the archive  =  rows by segment
	manifest          =  every file in one finished batch, totals recounted
	outbox            =  one gate.open and one gate.done per batch and attempt

	check.py --spool DIR --ids FILE [--files FILE] [--maybe FILE]

Status 0 and one line when all agrees, else 1 and what does not. --files has
lines of sha256sum. --maybe names ids that may be there once, or not at all.
An id looks like ck-WORD-NNNNNN and is an event's `id` or a metric's label.
"""
import argparse
import base64
import collections
import hashlib
import json
import os
import re
import subprocess
import sys
import time

ID = re.compile(rb'ck-[a-z0-9]+-[0-9]{6}')
SEGMENT = re.compile(r'^[^.].*\.(msgpack|ndjson)(\.zst)?$')
SHOWN = 6		# of each kind
SETTLE_S = 10		# a backend whose client was killed may still be ending

# One statement, so one snapshot.
STATE = """
SELECT json_build_object(
 'events', (SELECT coalesce(json_agg(json_build_array(id, segment_id)), '[]') FROM sluice.events),
 'metrics', (SELECT coalesce(json_agg(json_build_array(labels ->> 'id', segment_id)), '[]')
	FROM sluice.metrics),
 'ledger', (SELECT coalesce(json_agg(l), '[]') FROM (SELECT id, sha256, bytes, batch_id, name, rows,
	rejected, duplicates FROM sluice.ingestion_segment) l),
 'manifest', (SELECT coalesce(json_agg(m), '[]') FROM (SELECT id, batch_tag, status, attempt, files,
	totals, finished_at IS NOT NULL AS finished, lease_token FROM sluice.ingestion_manifest) m),
 'outbox', (SELECT coalesce(json_agg(o), '[]') FROM (SELECT id, type, key, payload
	FROM sluice.outbox) o),
 'undelivered', (SELECT count(*) FROM sluice.outbox o WHERE NOT EXISTS
	(SELECT FROM sluice.outbox_delivery d WHERE d.outbox_id = o.id AND d.sink = 'stdout'))
)"""
OTHERS = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
 AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""


class Report:
    """What does not agree, by kind."""

    def __init__(self):
        self.count = collections.Counter()
        self.text = []
        self.told = collections.Counter()
        self.figures = {}

    def bad(self, kind, text, n=1):
        self.count[kind] += n
        self.told[kind] += 1
        if self.told[kind] <= SHOWN:
            self.text.append('%s: %s' % (kind, text))

    def ok(self):
        return not self.count

    def line(self):
        kinds = ['lost', 'duplicated', 'invented'] + sorted(
            set(self.count) - {'lost', 'duplicated', 'invented'})
        return ' '.join(['%s %d' % (k, self.count[k]) for k in kinds] +
                        ['%s=%s' % kv for kv in self.figures.items()])


def sha_file(path):
    h = hashlib.sha256()
    with open(path, 'rb') as f:
        for block in iter(lambda: f.read(1 << 20), b''):
            h.update(block)
    return h.hexdigest()


def walk(top):
    for folder, _, names in os.walk(top):
        for name in sorted(names):
            yield folder, name


class Spool:
    """What lies in the folders."""

    def __init__(self, root, report):
        self.archive = []	# (tag, name, sha, bytes)
        self.failed = []
        self.rejects = []	# (tag, file, [ids of each line])
        self.left = []
        self.litter = 0		# dot-files and *.tmp of killed writers: no results
        for part in ('incoming', 'processing'):
            for folder, name in walk(os.path.join(root, part)):
                if not self.is_litter(name):
                    self.left.append(os.path.relpath(os.path.join(folder, name), root))
        processing = os.path.join(root, 'processing')
        if os.path.isdir(processing):
            self.left += ['processing/' + d for d in os.listdir(processing) if d[0] != '.']
        for folder, name in walk(os.path.join(root, 'archive')):
            if not self.is_litter(name):
                self.archive.append(self.entry(folder, name))
        for folder, name in walk(os.path.join(root, 'failed')):
            path = os.path.join(folder, name)
            if self.is_litter(name) or name.endswith('.error'):
                continue
            if name.endswith('.rejects.ndjson'):
                self.rejects.append((os.path.basename(folder), name, self.reject_ids(path, report)))
            else:
                self.failed.append(self.entry(folder, name))

    def is_litter(self, name):
        litter = name.startswith('.') or name.endswith('.tmp')
        self.litter += litter
        return litter

    @staticmethod
    def entry(folder, name):
        path = os.path.join(folder, name)
        return os.path.basename(folder), name, sha_file(path), os.path.getsize(path)

    @staticmethod
    def reject_ids(path, report):
        out = []
        with open(path, 'rb') as f:
            for nr, line in enumerate(f, 1):
                try:
                    reject = json.loads(line)
                    data = base64.b64decode(reject['bytes_b64']) if 'bytes_b64' in reject else \
                        json.dumps(reject['record']).encode()
                except (ValueError, KeyError) as e:
                    report.bad('rejects', '%s line %d: %s' % (path, nr, e))
                    continue
                out.append([i.decode() for i in ID.findall(data)])
        return out


def check_ids(state, spool, expected, maybe, report):
    rows = collections.Counter(r[0] for r in state['events'] + state['metrics'])
    rejected = collections.Counter()
    for _, name, lines in spool.rejects:
        here = collections.Counter(i for line in lines for i in line)
        for i, n in here.items():
            if n > 1:
                report.bad('duplicated', '%s %d times in %s' % (i, n, name), n - 1)
            # the same content may have been tried by two batches
            rejected[i] = max(rejected[i], 1)
    found = rows + rejected
    for i, want in expected.items():
        if found[i] < want:
            report.bad('lost', '%s: %d of %d' % (i, found[i], want), want - found[i])
        elif found[i] > want:
            report.bad('duplicated', '%s: %d, not %d' % (i, found[i], want), found[i] - want)
    for i, n in found.items():
        if i in expected:
            continue
        if i not in maybe:
            report.bad('invented', str(i), n)
        elif n > 1:
            report.bad('duplicated', '%s (not acknowledged): %d' % (i, n), n - 1)
    report.figures['ids'] = sum(expected.values())
    report.figures['rows'] = sum(rows.values())
    report.figures['rejects'] = sum(rejected.values())


def check_files(spool, files, args, report):
    for path in spool.left:
        report.bad('left', path)
    have = collections.Counter(sha for _, _, sha, _ in spool.archive + spool.failed)
    for sha, want in files.items():
        if have[sha] < want:
            report.bad('lost', 'file %.16s: %d of %d' % (sha, have[sha], want), want - have[sha])
        elif have[sha] > want:
            report.bad('duplicated', 'file %.16s: %d, not %d' % (sha, have[sha], want))
    if files:
        for sha in have:
            if sha not in files and not args.extra_files:
                report.bad('invented', 'file %.16s' % sha)
    if len(spool.failed) != args.failed:
        report.bad('failed', '%d files, not %d: %s' % (len(spool.failed), args.failed,
                                                       [f[:2] for f in spool.failed][:5]))
    report.figures['files'] = len(spool.archive) + len(spool.failed)
    report.figures['litter'] = spool.litter


def check_ledger(state, spool, report):
    rows = {'events': collections.Counter(s for _, s in state['events']),
            'metrics': collections.Counter(s for _, s in state['metrics'])}
    ledger = {(l['sha256'], l['bytes']): l for l in state['ledger']}
    ids = {l['id'] for l in state['ledger']}
    archived = {(sha, size) for _, _, sha, size in spool.archive}
    rejects = {(tag, name): len(lines) for tag, name, lines in spool.rejects}
    tags = {m['id']: m['batch_tag'] for m in state['manifest']}
    for key, l in ledger.items():
        if key not in archived:
            report.bad('ledger', '%s is not in the archive' % l['name'])
        for table, counted in rows.items():
            if l['rows'].get(table, 0) != counted[l['id']]:
                report.bad('ledger', '%s: %s %s of %s' % (l['name'], counted[l['id']], table,
                                                         l['rows'].get(table)))
        where = (tags.get(l['batch_id']), l['name'] + '.rejects.ndjson')
        if l['rejected'] != rejects.get(where, 0):
            report.bad('ledger', '%s: %d rejects, %d lines of them' % (
                l['name'], l['rejected'], rejects.get(where, 0)))
    for key in archived - set(ledger):
        report.bad('ledger', 'no row for archived %.16s' % key[0])
    for table, counted in rows.items():
        for segment in set(counted) - ids:
            report.bad('invented', '%s of segment %d, which the ledger lacks' % (table, segment))
    report.figures['segments'] = len(ledger)


def recount(batch, state, spool):
    """Totals of a batch, from rows and files alone."""
    rows = {t: collections.Counter(s for _, s in state[t]) for t in ('events', 'metrics')}
    ledger = {(l['sha256'], l['bytes']): l for l in state['ledger']}
    failed = {(tag, sha) for tag, _, sha, _ in spool.failed}
    out = collections.Counter(files=len(batch['files']))
    loaded = set()
    for f in batch['files']:
        out['bytes'] += f['bytes']
        l = ledger.get((f['sha256'], f['bytes']))
        if l is None:
            out['missing' if f.get('missing') else 'failed'] += 1
            if not f.get('missing') and (batch['batch_tag'], f['sha256']) not in failed:
                out['nowhere'] += 1
        elif l['batch_id'] == batch['id'] and l['id'] not in loaded and l['name'] == f['name']:
            loaded.add(l['id'])
            out['loaded'] += 1
            out['metrics'] += rows['metrics'][l['id']]
            out['events'] += rows['events'][l['id']]
            out['rejected'] += sum(len(lines) for tag, name, lines in spool.rejects
                                   if (tag, name) == (batch['batch_tag'],
                                                      f['name'] + '.rejects.ndjson'))
        else:
            out['duplicates'] += 1
    return out


def check_totals(batch, state, spool, report):
    want = recount(batch, state, spool)
    have = batch['totals']
    flat = {k: have.get(k, 0) for k in ('files', 'bytes', 'loaded', 'failed', 'missing', 'rejected')}
    flat['metrics'] = have.get('rows', {}).get('metrics')
    flat['events'] = have.get('rows', {}).get('events')
    flat['duplicates'] = have.get('duplicates', {}).get('segments')
    for k, v in flat.items():
        if v != want[k]:
            report.bad('totals', '%s: %s is %s, recounted %s' % (batch['batch_tag'], k, v, want[k]))
    if want['nowhere']:
        report.bad('lost', '%s: a file that is in no folder' % batch['batch_tag'])
    bad = want['failed'] + want['missing'] + want['rejected']
    good = want['metrics'] + want['events'] + want['duplicates']
    status = 'success' if not bad else 'partial' if good else None
    if status and batch['status'] != status:
        report.bad('totals', '%s is %s, not %s' % (batch['batch_tag'], batch['status'], status))


def check_manifest(state, spool, args, report):
    seen = collections.Counter()
    where = {(tag, name) for tag, name, _, _ in spool.archive + spool.failed}
    events = collections.Counter((o['type'], o['key'], o['payload'].get('attempt'))
                                 for o in state['outbox'])
    for b in state['manifest']:
        tag = b['batch_tag']
        if b['status'] in ('open', 'processing') or not b['finished']:
            report.bad('unfinished', '%s is %s' % (tag, b['status']))
            continue
        if b['lease_token'] is not None:
            report.bad('unfinished', '%s has a lease' % tag)
        check_totals(b, state, spool, report)
        for f in b['files']:
            if f.get('missing'):
                report.bad('missing', '%s of %s' % (f['name'], tag))
                continue
            seen[f['sha256']] += 1
            if (tag, f['name']) not in where:
                report.bad('lost', 'file %s of batch %s' % (f['name'], tag))
        for attempt in range(1, b['attempt'] + 1):
            for kind in ('gate.open', 'gate.done'):
                n = events.pop((kind, tag, attempt), 0)
                if n != 1:
                    report.bad('outbox', '%d times %s of %s, attempt %d' % (n, kind, tag, attempt))
    for key, n in events.items():
        report.bad('outbox', 'no batch for %s' % (key,), n)
    ids = collections.Counter(o['payload'].get('id') for o in state['outbox'])
    for i, n in ids.items():
        if n > 1:
            report.bad('outbox', 'id %s %d times' % (i, n))
    if state['undelivered']:
        report.bad('outbox', '%d events without a delivery' % state['undelivered'])
    for tag, name, sha, _ in spool.archive + spool.failed:
        seen[sha] -= 1
    for sha, n in seen.items():
        if n != 0:
            report.bad('files', '%.16s is %+d in the manifest' % (sha, n))
    report.figures['batches'] = len(state['manifest'])


def check(root, query, expected, files, maybe=(), **more):
    """query(sql) gives the text of one value."""
    args = argparse.Namespace(failed=0, extra_files=False, pooled=False)
    vars(args).update(more)
    report = Report()
    deadline = time.monotonic() + SETTLE_S
    # a pooler's connections stay, but rest
    while query(OTHERS + (" AND state <> 'idle'" if args.pooled else '')) != '0':
        if time.monotonic() > deadline:
            report.bad('backends', 'a killed client is still connected')
            break
        time.sleep(0.005)
    state = json.loads(query(STATE))
    spool = Spool(root, report)
    check_ids(state, spool, expected, set(maybe), report)
    check_files(spool, files, args, report)
    check_ledger(state, spool, report)
    check_manifest(state, spool, args, report)
    return report


def read_words(path, column=0):
    if path is None:
        return collections.Counter()
    with open(path, encoding='utf-8') as f:
        return collections.Counter(line.split()[column] for line in f if line.strip())


def main():
    p = argparse.ArgumentParser(description='was everything accepted loaded exactly once?')
    p.add_argument('--spool', required=True)
    p.add_argument('--ids', required=True)
    p.add_argument('--files')
    p.add_argument('--maybe')
    p.add_argument('--failed', type=int, default=0, help='files that must be in failed/')
    p.add_argument('--extra-files', action='store_true', help='files not in --files are fine')
    p.add_argument('--pooled', action='store_true', help='idle connections may stay')
    p.add_argument('--db', default=os.environ.get('DATABASE_URL', ''))
    a = p.parse_args()

    def query(sql):
        return subprocess.run(['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', a.db, '-c', sql],
                              check=True, stdout=subprocess.PIPE).stdout.decode().strip()

    report = check(a.spool, query, read_words(a.ids), read_words(a.files), read_words(a.maybe),
                   failed=a.failed, extra_files=a.extra_files,
                   pooled=a.pooled)
    print(report.line())
    for line in report.text:
        print('  ' + line)
    sys.exit(0 if report.ok() else 1)


if __name__ == '__main__':
    main()
