# shellcheck shell=bash
# The older program and ours side by side: same file, same servers, same faults; whenever all is quiet, the same table.
. "${here:?run by main.sh}/all.sh"
. "$here/differential/both.sh"
. "$here/differential/faults.sh"

# seed, faults and configurations: from the host
. /mnt/host/differential

# check_rest: at the next quiet moment the two tables are equal. A failure takes count rounds, of the interval and the
# timeout; an edit is seen at the end of one.
check_rest() {
	local what="$name $number: $happened" count unrest='' start
	start=$(now_ms)
	count=$(sed -n 's/^	\?failurecount = //p' $configuration | sort -n | tail -n 1)
	count=${count:-1}
	if rest $((count + 2)) $((start + (count * 3 + 1) * 1000)) && [ "${table[reference]}" = "${table[ours]}" ]; then
		passed "$what (rest after $(($(now_ms) - start)) ms)"
	else
		failed "$what" "$unrest$(differences)"
		return 1
	fi
}

# run NAME: a configuration, and what happens to it.
run() {
	local name=$1 number=0 happened=start
	declare -gA ill=()
	units=$(sed -n 's/^# servers: //p' "$here/differential/$name.cf")
	# Not the same happenings for each configuration, and the same ones when it runs alone.
	RANDOM=$((seed + $(cksum <<<"$name" | cut -d' ' -f1) % 10000))
	{
		cat "$here/differential/$name.cf"
		printf 'virtual = 204.202.136.40:80\n\treal = 192.168.0.5:80 gate\n\tservice = http\n\trequest = "/.testpage"\n\treceive = "test page"\n'
	} >$configuration
	if ! tell_both start; then
		failed "$name: both start" "$(cat $field/*/told)"
		return
	fi
	check_rest || return
	while [ "$number" -lt "$faults" ]; do
		number=$((number + 1))
		happen || return
		check_rest || return
	done
}

# end: both stop, and leave nothing of theirs.
end() {
	tell_both stop
	local name
	for name in $both; do
		check_within 20000 "$1: $name stops" ended "$name"
		check_equal "$1: $name leaves nothing of the configuration" '' "$(table_of "$name" | grep -v ' 10\.9\.9\.')"
		in_ns "$name" ipvsadm -C
		rm -f "$field/$name"/{told,log/*,run/*.pid}
	done
	rm -f $maintenance/*
	heal_all
}

echo "  seed $seed: SEED=$seed tests/lab/run.sh --only differential runs the same again"
sed -i '/ real[1-4]$/d' /etc/hosts
for number in 1 2 3 4; do echo "192.168.0.$number real$number.lab real$number" >>/etc/hosts; done
build_both
for configuration_name in $configurations; do
	run "$configuration_name"
	end "$configuration_name"
done
remove_both
