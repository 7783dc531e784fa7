#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs inside the guest of a comparison. It takes its arms in turn, so that
# each round's figures were measured right after one another, and prints one
# line a figure: sample METRIC ROUND ARM VALUE
#
# /arms.conf sets: rounds, seconds, what (blk, net or both),
#	disks="ARM=DEVICE ..."   nets="ARM=INTERFACE=OWN=HOST ..."
. /arms.conf

# fio_run DEVICE RW BLOCK_SIZE DEPTH -> IOPS
fio_run()
{
	fio --name=x --filename="$1" --rw="$2" --bs="$3" --iodepth="$4" \
		--direct=1 --ioengine=libaio --numjobs=1 --time_based \
		--runtime="$seconds" --ramp_time=1 --norandommap \
		--random_generator=lfsr --minimal 2>/dev/null
}

# --minimal's fields: 7 read KiB/s, 8 read IOPS, 48 and 49 the same of writes
field()
{
	awk -F';' -v n="$1" 'NR == 1 { print $n }'
}

blk_round()
{
	for arm in $disks; do
		name=${arm%%=*}
		dev=${arm#*=}
		v=$(fio_run "$dev" randread 4k 1 | field 8)
		echo "sample blk_randread_4k_qd1 $1 $name $v"
	done
	for arm in $disks; do
		name=${arm%%=*}
		dev=${arm#*=}
		v=$(fio_run "$dev" randread 4k 32 | field 8)
		echo "sample blk_randread_4k_qd32 $1 $name $v"
	done
	for arm in $disks; do
		name=${arm%%=*}
		dev=${arm#*=}
		v=$(fio_run "$dev" randwrite 4k 32 | field 49)
		echo "sample blk_randwrite_4k_qd32 $1 $name $v"
	done
	for arm in $disks; do
		name=${arm%%=*}
		dev=${arm#*=}
		v=$(fio_run "$dev" read 128k 8 | field 7)
		echo "sample blk_seqread_128k $1 $name $((v / 1024))"
	done
}

# The receiver's rate: what did arrive.
# iperf_rate HOST ARGS... -> Mbit/s
iperf_rate()
{
	host=$1
	shift
	iperf3 -c "$host" -t "$seconds" -O 1 -J "$@" >/tmp/iperf 2>&1
	grep '"error"' /tmp/iperf >&2
	awk '
		/"sum_received":/ { take = 1 }
		take && /"bits_per_second":/ {
			gsub(/[^0-9.e+]/, "", $2)
			printf "%.3f", $2 / 1e6
			exit
		}' /tmp/iperf
}

# UDP of 64-byte payloads: packets that arrived, in thousands a second
# iperf_kpps HOST ARGS...
iperf_kpps()
{
	host=$1
	shift
	iperf3 -c "$host" -u -b 0 -l 64 -t "$seconds" -O 1 -J "$@" 2>&1 | awk '
		/"sum":/ { take = 1 }
		take && /"seconds":/ { gsub(/[^0-9.]/, "", $2); s = $2 }
		take && /"packets":/ { gsub(/[^0-9]/, "", $2); p = $2 }
		take && /"lost_packets":/ { gsub(/[^0-9]/, "", $2); l = $2 }
		take && /}/ { take = 0 }
		END { if (s > 0) printf "%.3f", (p - l) / s / 1000 }'
}

net_round()
{
	for metric in net_tcp_out net_tcp_in net_udp64_out net_udp64_in; do
		for arm in $nets; do
			host=${arm##*=}
			case $metric in
			net_tcp_out) v=$(iperf_rate "$host") ;;
			net_tcp_in) v=$(iperf_rate "$host" -R) ;;
			net_udp64_out) v=$(iperf_kpps "$host") ;;
			net_udp64_in) v=$(iperf_kpps "$host" -R) ;;
			esac
			echo "sample $metric $1 ${arm%%=*} $v"
		done
	done
}

for arm in $disks; do
	wait-for test -b "${arm#*=}" || echo "no disk for ${arm%%=*}"
done
for arm in $nets; do
	rest=${arm#*=}
	dev=${rest%%=*}
	own=${rest#*=}
	own=${own%%=*}
	wait-for test -e "/sys/class/net/$dev"
	ip addr add "$own/24" dev "$dev"
	ip link set "$dev" up
done

round=1
while [ "$round" -le "$rounds" ]; do
	case $what in
	*blk*) blk_round "$round" ;;
	esac
	case $what in
	*net*) net_round "$round" ;;
	esac
	round=$((round + 1))
done
echo "samples: done"
