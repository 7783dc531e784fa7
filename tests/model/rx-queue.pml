/* SPDX-License-Identifier: MIT */
/*
 * The receive queue of the network backend: it stops reading its TAP when the
 * guest has lent it no pages, or too few for the frame that is next, and has to
 * start again when there are: by an event, or by looking now and then for a
 * guest that does not send any (QUIET: no feature-rx-notify).
 *
 * Memory, store buffers and event channels are those of ring.pml. A frame is
 * of one slot or of two; the ring has two; the guest takes as many frames at a
 * time as it likes before it lends their pages again. (Where queues hand frames to
 * each other, inbox.pml takes over.) What must hold:
 *
 *  - no frame is put where no page was lent for all of it;
 *  - frames arrive once, whole and in order;
 *  - nobody sleeps for ever while there are frames and, sooner or later, pages;
 *  - the queue does not go in circles while the guest lends nothing ('live').
 *
 * models: lib/ring.h ring_snapshot ring_prod_sane ring_publish
 * models: lib/ring.h ring_must_notify ring_final_check
 * models: backends/net/core.c net_rx_look net_rx_put net_rx_answer net_rx_sleep
 * models: backends/net/queue.c tap_read rx_any rx_next rx_fill rx_round events_take
 * models: backends/net/queue.c events_unmask tap_wanted queue_sleep queue_run
 * models: frontends/net/core.c rx_post rx_available net_front_receive
 * models: frontends/net/core.c net_front_rx_free net_front_rx_push
 * models: frontends/linux/xl-lite-netfront.c receive_frames take_events
 *
 * error: lost | assertion violated .*len\(tap\)==0
 * error: broken | assertion violated .*(waiting<=|gone==came)
 *
 * check: receive queue
 * check: receive queue of a guest that sends no events | -DQUIET
 * check: receive queue does not spin | -DLIVE | live
 * check: receive queue of a quiet guest gets on | -DLIVE -DQUIET | fair
 *
 * reach: starved without any page | -DREACH_starved
 * reach: starved with too few pages | -DREACH_short
 * reach: all came through after being starved | -DREACH_through
 *
 * mutant: no final check | -DMUTANT_no_final | lost
 * mutant: no barrier in the final check | -DMUTANT_final_mb | lost
 * mutant: does not ask for an event | -DMUTANT_no_ask | lost
 * mutant: asks for an event at what it has already | -DLIVE -DMUTANT_ask_had | spins
 * mutant: never unmasks its port | -DMUTANT_no_unmask | lost
 * mutant: once starved, starved for good | -DMUTANT_starved_sticks | lost
 * mutant: watches the TAP while starved | -DLIVE -DMUTANT_watch_tap | spins
 * mutant: does not watch the TAP | -DMUTANT_no_tap | lost
 * mutant: puts a frame where one page is missing | -DMUTANT_no_room | broken
 * mutant: drops the frame that waits | -DMUTANT_drop_waiting | broken
 * mutant: does not look again for a quiet guest | -DQUIET -DMUTANT_no_poll | lost
 * mutant: no barrier before it reads rsp_event | -DMUTANT_notify_mb | lost
 * mutant: guest: no barrier before it reads req_event | -DMUTANT_front_notify_mb | lost
 * mutant: guest: lends pages and does not say so | -DMUTANT_front_mute | lost
 * mutant: guest: no final check | -DMUTANT_front_no_final | lost
 * mutant: guest: unmasks, and forgets what came meanwhile | -DMUTANT_front_ack_late | lost
 */

#define SIZE 2
#define WRAP(x) ((x) & 7)
#define BATCH 2		/* frames in a round */
#define ARRIVALS 4	/* frames that come to the TAP */

/* -- shared memory, as in ring.pml --------------------------------------------- */

#define REQ_PROD 0
#define REQ_EVENT 1
#define RSP_PROD 2
#define RSP_EVENT 3

#define START 6		/* the indices: they wrap soon */
byte mem[4];

chan f_stores = [2] of { byte, byte };
chan b_stores = [2] of { byte, byte };

proctype stores(chan buffer)
{
	byte where, value;

end:
	do
	:: atomic { buffer?where,value -> mem[where] = value; where = 0; value = 0 }
	od
}

#define FRONT_MB empty(f_stores)
#define BACK_MB empty(b_stores)
#define FRONT_LOAD(to, where) assert(!f_stores??[eval(where),_]); to = mem[where]
#define BACK_LOAD(to, where) assert(!b_stores??[eval(where),_]); to = mem[where]

#define PASSED(old, new, event) (WRAP(new - event) < WRAP(new - old))

/* -- event channels ------------------------------------------------------------ */

bit f_pending, f_masked, b_pending, b_masked;
#define F_FIRED (f_pending && !f_masked)
#define B_FIRED (b_pending && !b_masked)

/* -- the TAP ------------------------------------------------------------------- */

/* Sizes of frames, in slots: waiting in the TAP, and put into the ring. */
chan tap = [2] of { byte };
chan put = [2] of { byte };
byte came;			/* frames so far */
byte gone;			/* frames the guest received */

proctype network()
{
end:
	do
	:: atomic { came < ARRIVALS && nfull(tap) ->
		came++;
		if
		:: tap!1
		:: tap!2
		fi
	   }
	:: atomic { came > 0 && came < ARRIVALS -> break }	/* no more */
	od
}

/* -- the guest ----------------------------------------------------------------- */

/* rx_available(), with its frame: a whole one if any. */
inline available()
{
	atomic { true -> FRONT_LOAD(f_got, RSP_PROD) };
	if
	:: f_got != f_cons
	:: else ->
		f_stores!RSP_EVENT,WRAP(f_cons + 1);
#ifndef MUTANT_front_no_final
		atomic { FRONT_MB -> FRONT_LOAD(f_got, RSP_PROD) }
#endif
	fi;
	assert(WRAP(f_got - f_cons) <= WRAP(f_pushed - f_cons))
}

inline take_frame()
{
	put?f_size;
	/* all its slots are answered at once */
	assert(WRAP(f_got - f_cons) >= f_size);
	f_cons = WRAP(f_cons + f_size);
	f_prod = WRAP(f_prod + f_size);
	f_got = 0;
	f_size = 0;
	gone++
}

inline push_pages()
{
	if
	:: f_prod == f_pushed
	:: else ->
		f_stores!REQ_PROD,f_prod;
#if defined(QUIET) || defined(MUTANT_front_mute)
		f_pushed = f_prod
#else
		atomic {
#ifndef MUTANT_front_notify_mb
			FRONT_MB ->
#endif
			FRONT_LOAD(f_got, REQ_EVENT);
			if
			:: PASSED(f_pushed, f_prod, f_got) -> b_pending = 1
			:: else
			fi;
			f_got = 0;
			f_pushed = f_prod
		}
#endif
	fi
}

inline receive_frames()
{
	f_again = 0;
	do
	:: available();
	   atomic {
		if
		:: f_got == f_cons -> f_got = 0; break
		:: else -> take_frame()
		fi
	   }
#ifdef LIVE
progress:  skip;
#endif
	   if
	   :: true
	   :: true -> f_again = 1; break	/* a batch is full */
	   fi
	od;
	push_pages()
}

proctype guest()
{
	byte f_cons = START, f_prod = WRAP(START + SIZE);
	byte f_pushed = WRAP(START + SIZE);
	byte f_got, f_size;
	bit f_again;

end:
	do
	:: atomic { F_FIRED -> f_pending = 0; f_masked = 1 };
	   receive_frames();
	   atomic {
		true ->
#ifdef MUTANT_front_ack_late
		f_pending = 0;
#endif
		f_masked = 0
	   }
	:: f_again -> receive_frames()
	od
}

/* -- the queue ----------------------------------------------------------------- */

bit starved;
#ifdef REACH_through
bit was_starved;
#define STARVED starved = 1; was_starved = 1
#else
#define STARVED starved = 1
#endif
byte waiting;			/* slots that the frame needs which waits here */

inline look_for_pages()
{
	BACK_LOAD(b_prod, REQ_PROD);
	assert(WRAP(b_prod - b_cons) <= SIZE);
#ifndef MUTANT_starved_sticks
	starved = 0;
#endif
#ifdef MUTANT_drop_waiting
	waiting = 0;
#endif
	frames = 0
}

#ifdef MUTANT_no_room
#define NO_ROOM (waiting > WRAP(b_prod - b_cons) + 1)
#else
#define NO_ROOM (waiting > WRAP(b_prod - b_cons))
#endif

inline put_frame()
{
	assert(waiting <= WRAP(b_prod - b_cons));
	b_cons = WRAP(b_cons + waiting);
	put!waiting;
	waiting = 0;
	frames++
}

/* rx_fill(), from the frame that waits, or the TAP */
inline fill()
{
	atomic { true -> look_for_pages() };
	do
	:: atomic { frames == BATCH -> break }
	:: atomic { frames < BATCH && waiting == 0 ->
		if
		:: !tap_ready -> break
		:: tap_ready && b_prod == b_cons -> STARVED; break
		:: tap_ready && b_prod != b_cons && (len(tap) == 0) ->
			tap_ready = 0;
			break
		:: tap_ready && b_prod != b_cons && (len(tap) > 0) -> tap?waiting
		fi
	   }
	:: atomic { frames < BATCH && waiting > 0 ->
		if
		:: NO_ROOM -> STARVED; break
		:: else -> put_frame()
		fi
	   }
	od
}

/* net_rx_answer(), and the event */
inline answer()
{
	b_stores!RSP_PROD,b_cons;
	atomic {
#ifndef MUTANT_notify_mb
		BACK_MB ->
#endif
		BACK_LOAD(b_got, RSP_EVENT);
		if
		:: PASSED(b_answered, b_cons, b_got) -> f_pending = 1
		:: else
		fi;
		b_got = 0;
		b_answered = b_cons;
		tap_ready = 1
	}
}

#ifdef MUTANT_ask_had
#define HAVE b_cons
#else
#define HAVE b_prod
#endif

/* net_rx_sleep(): true when there is more than we had */
inline ask()
{
#ifndef MUTANT_no_ask
	b_stores!REQ_EVENT,WRAP(HAVE + 1);
#endif
#ifndef MUTANT_no_final
	atomic {
#ifndef MUTANT_final_mb
		BACK_MB ->
#endif
		BACK_LOAD(b_got, REQ_PROD);
		stay = (b_got != HAVE);
		b_got = 0
	}
#endif
}

#ifdef MUTANT_watch_tap
#define WATCH_TAP true
#else
#define WATCH_TAP (!starved)
#endif
#ifdef MUTANT_no_tap
#define TAP_FIRED false
#else
#define TAP_FIRED (WATCH_TAP && (len(tap) > 0))
#endif
#if defined(QUIET) && !defined(MUTANT_no_poll)
#define LOOK_AGAIN starved
#else
#define LOOK_AGAIN false
#endif

inline sleep()
{
	stay = 0;
	if
	:: starved -> ask()
	:: else
	fi;
	if
	:: stay -> stay = 0
	:: else ->
#ifndef MUTANT_no_unmask
		atomic {
			if
			:: taken -> b_masked = 0; taken = 0
			:: else
			fi
		};
#endif
end:		if
		:: atomic { B_FIRED -> b_pending = 0; b_masked = 1; taken = 1;
			if
			:: TAP_FIRED -> tap_ready = 1
			:: else
			fi
		   }
		:: atomic { TAP_FIRED && !B_FIRED -> tap_ready = 1 }
		:: LOOK_AGAIN
		fi
	fi
}

proctype queue()
{
	byte b_cons = START, b_prod = START, b_answered = START;
	byte b_got, frames;
	bit tap_ready = 1, stay, taken;

	do
	:: fill();
	   if
	   :: b_cons != b_answered -> answer()
	   :: else -> sleep()
	   fi
	od
}

/* -- what must hold ------------------------------------------------------------ */

proctype judge()
{
	atomic {
		timeout ->
		assert(len(tap) == 0 && waiting == 0 && len(put) == 0);
		assert(gone == came);
#ifdef REACH_through
		if
		:: was_starved && gone == ARRIVALS -> assert(false)
		:: else
		fi
#endif
	}
}

init
{
	atomic {
		mem[REQ_PROD] = WRAP(START + SIZE);
		mem[RSP_PROD] = START;
		mem[REQ_EVENT] = WRAP(START + 1);
		mem[RSP_EVENT] = WRAP(START + 1);
		run stores(f_stores);
		run stores(b_stores);
		run network();
		run guest();
		run queue();
		run judge()
	}
#ifdef REACH_starved
end:	starved && waiting == 0 -> assert(false)
#endif
#ifdef REACH_short
end:	starved && waiting == 2 -> assert(false)
#endif
}
