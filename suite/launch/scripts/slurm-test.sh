#!/bin/bash
# The Slurm path on a real Slurm: one node on this machine, from Debian's packages, without systemd.
# Submits the array that `npm run plan -- --launch slurm` writes, interrupts one of its jobs as a time
# limit would, waits, and checks that every planned trial is there and valid.
# Needs root (munge, slurmctld and slurmd run as it). `npm run test:slurm`
set -euo pipefail

repository=$(cd "$(dirname "$0")/../../.." && pwd)
work=$(mktemp -d /tmp/crossover-slurm.XXXXXX)
copy="$work/crossover"
daemons=()

end() {
  local status=$?
  for pid in "${daemons[@]}"; do kill "$pid" 2>/dev/null || true; done
  # They write as they stop.
  wait "${daemons[@]}" || true
  if [ "$status" -eq 0 ]; then rm -rf "$work"; else echo "Failed; logs are kept in $work" >&2; fi
}
trap end EXIT

if [ "$(id -u)" -ne 0 ]; then
  echo "This test installs and starts Slurm's daemons: run it as root, e.g. in a container." >&2
  exit 2
fi
if ! command -v slurmctld slurmd sbatch munged >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge
fi

# One node. A requeued job starts again after the credential has expired: seconds, not two minutes.
export SLURM_CONF="$work/slurm.conf"
mkdir -p "$work/state" "$work/spool"
cat > "$SLURM_CONF" <<CONFIGURATION
ClusterName=crossover
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket,cred_expire=10
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=5,batch_sched_delay=1
JobCompType=jobcomp/filetxt
JobCompLoc=$work/completed-jobs.txt
MinJobAge=3600
ReturnToService=2
NodeName=$(hostname) NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONFIGURATION

head -c 1024 /dev/urandom > "$work/munge.key"
chmod 600 "$work/munge.key"
chmod 755 "$work"
munged --foreground --force --key-file="$work/munge.key" --socket="$work/munge.socket" \
  --pid-file="$work/munge.pid" --seed-file="$work/munge.seed" > "$work/munge.log" 2>&1 &
daemons+=($!)
sleep 1
slurmctld -D -i > "$work/slurmctld.log" 2>&1 &
daemons+=($!)
slurmd -D > "$work/slurmd.log" 2>&1 &
daemons+=($!)
for ((second = 0; second < 60; second++)); do
  [ "$(sinfo --noheader --format=%T 2>/dev/null)" = idle ] && break
  sleep 1
done
echo "== $(sbatch --version)"
sinfo

# A checkout of its own, so that results of the repository neither help nor suffer.
mkdir "$copy"
cd "$repository"
git ls-files -z --cached --others --exclude-standard |
  while IFS= read -r -d '' file; do [ -f "$file" ] && printf '%s\0' "$file"; done |
  xargs -0 cp --parents -t "$copy"
ln -s "$repository/node_modules" "$copy/node_modules"
cd "$copy"

selection=(--task mnist-mlp --optimizer sgd,kfac --batch-size 64,256 --seeds 3)
npm run --silent plan -- "${selection[@]}" --launch slurm --shards 2 --cpus 1 > sweep.sh
cat sweep.sh
array=$(sbatch --parsable sweep.sh)

results_of() { grep -c 'seed [0-9]*: ' ".crossover/slurm/$array-$1.log" 2>/dev/null || true; }
for ((second = 0; second < 300; second++)); do
  [ "$(results_of 1)" -ge 1 ] 2>/dev/null && break
  sleep 1
done
echo "== running"
squeue --array --format="%.12i %.10P %.10j %.10T %.8M %.6C %R"
echo "== job 1 is told that its time is nearly up (SIGTERM to the batch script)"
scancel --batch --signal=TERM "${array}_1"

for ((second = 0; second < 600; second++)); do
  [ -z "$(squeue --noheader --jobs="$array" 2>/dev/null)" ] && break
  sleep 1
done
echo "== done"
scontrol show job "$array" |
  grep -E "JobId=|JobState=|Restarts=|RunTime=|Command=|StdOut=" || true
cut -d" " -f1,4,5,7-9,19- "$work/completed-jobs.txt"
grep -h -E "seed|Stopp" .crossover/slurm/"$array"-*.log

check() { if [ "$2" != "$3" ]; then echo "$1: $2, expected $3" >&2; exit 1; fi; }
check "jobs completed" "$(scontrol show job "$array" | grep -c JobState=COMPLETED)" 2
check "jobs that were requeued" "$(scontrol show job "$array" | grep -c 'Restarts=1 ')" 1
npm run --silent validate -- --root .crossover/results
check "finished trials of the plan" \
  "$(npm run --silent plan -- "${selection[@]}" --json | node -e \
    'const p = JSON.parse(require("fs").readFileSync(0)); console.log(`${p.finished}/${p.trials}`)')" \
  12/12
echo "Slurm: 2 jobs, 1 requeued, 12 trials, all valid."
