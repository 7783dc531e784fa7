/* SPDX-License-Identifier: MIT */
/*
 * A ring between the block frontend and a queue of the block backend: indices
 * that wrap, entries shared by requests and responses, events suppressed by
 * req_event and rsp_event, event channels that stay masked while their owner
 * works, a pool that can be too small for what was taken.
 *
 * Each access to the shared page is a step of its own. A store goes into the
 * writer's store buffer and reaches memory some time later, in order: what x86
 * does (TSO). A full barrier waits until the buffer is empty; an event and its
 * hypercall wait for nothing, which is weaker than what they are. The
 * compiler's barriers are the order in which this file does things, and the
 * mutants that drop one do them in the other order.
 *
 * The frontend submits as long as it likes, any number of requests at a time,
 * and then stops for good. What must hold:
 *
 *  - nobody sleeps for ever while a request is unanswered (no lost wake-up);
 *  - each request is taken once and answered once, whole;
 *  - no entry is written before what was in it has been read (no overrun);
 *  - neither side believes the other to cheat;
 *  - the backend does not go in circles ('live': no cycle without an answer).
 *
 * The indices wrap at 8 instead of 2^32, so runs of any length are covered.
 *
 * models: lib/ring.h ring_snapshot ring_prod_sane ring_publish
 * models: lib/ring.h ring_must_notify ring_final_check
 * models: backends/blk/core.c blk_ring_pending blk_ring_take blk_ring_answer
 * models: backends/blk/core.c blk_ring_push blk_ring_final_check
 * models: backends/blk/queue.c take_batch take complete push take_event
 * models: backends/blk/queue.c may_sleep turn
 * models: frontends/blk/core.c blk_front_submit blk_front_push
 * models: frontends/blk/core.c look_for_responses blk_front_reap
 * models: frontends/linux/xl-lite-blkfront.c take_events
 *
 * error: lost | !\(busy\[0\]\)&& !\(busy\[1\]\)\)$
 * error: broken | assertion violated .*(b_got-|f_got==|b_id==|b_early==)
 *
 * check: ring, pages for all
 * check: ring, pages for one request at a time | -DPAGES=1
 * deep: ring does not spin | -DPAGES=1 -DLIVE | live
 *
 * reach: both sleep after an answer | -DREACH_quiet
 * reach: a request waits for pages | -DPAGES=1 -DREACH_stalled
 * reach: the indices wrap | -DREACH_wrap
 * reach: an event comes while its port is masked | -DREACH_masked
 *
 * mutant: frontend: no barrier before it reads req_event | -DMUTANT_front_notify_mb | lost
 * mutant: backend: no barrier before it reads rsp_event | -DMUTANT_back_notify_mb | lost
 * mutant: frontend: no barrier in the final check | -DMUTANT_front_final_mb | lost
 * mutant: backend: no barrier in the final check | -DMUTANT_back_final_mb | lost
 * mutant: frontend: no final check | -DMUTANT_front_no_final | lost
 * mutant: backend: no final check | -DMUTANT_back_no_final | lost
 * mutant: frontend: forgets to ask for an event | -DMUTANT_front_no_ask | lost
 * mutant: backend: forgets to ask for an event | -DMUTANT_back_no_ask | lost
 * mutant: backend: asks for the event after next | -DMUTANT_back_ask_late | lost
 * mutant: frontend: looks at old indices after the final check | -DMUTANT_front_stale | lost
 * mutant: frontend: an event on the last index does not count | -DMUTANT_front_notify_off | lost
 * mutant: backend: never unmasks its port | -DMUTANT_back_no_unmask | lost
 * mutant: frontend: unmasks, and forgets what came meanwhile | -DMUTANT_front_ack_late | lost
 * mutant: backend: sleeps after a completion, without another look | -DPAGES=1 -DMUTANT_back_sleep_early | lost
 * mutant: frontend: shows an index before its entry | -DMUTANT_front_wmb | broken
 * mutant: backend: shows an index before its entry | -DMUTANT_back_wmb | broken
 * mutant: backend: reads entries before the index | -DMUTANT_back_rmb | broken
 * mutant: frontend: submits without a free slot | -DMUTANT_front_overrun | broken
 * mutant: backend: answers where no request was taken | -DMUTANT_back_overrun | broken
 * mutant: backend: a stalled request is never tried again | -DPAGES=1 -DMUTANT_back_forget_stalled | lost
 * mutant: backend: turns while nothing is to do | -DLIVE -DMUTANT_back_spin | spins
 */

#define SIZE 2
#define WRAP(x) ((x) & 7)
#define SLOT(x) ((x) & 1)
#ifndef PAGES
#define PAGES 2		/* a request takes one */
#endif
#define NOBODY 9

/* -- shared memory ------------------------------------------------------------ */

#define ENTRY 0		/* and 1 */
#define REQ_PROD 2
#define REQ_EVENT 3
#define RSP_PROD 4
#define RSP_EVENT 5

/* An entry: a request's id, or a response's. */
#define EMPTY 0
#define REQUEST(id) (1 + (id))
#define RESPONSE(id) (4 + (id))

#define START 6		/* the indices: they wrap soon */
byte mem[6];

/* Store buffers. Each is read and written by its owner, and drained here. */
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
/* Nobody reads what it has just written itself: no forwarding is needed. */
#define FRONT_LOAD(to, where) assert(!f_stores??[eval(where),_]); to = mem[where]
#define BACK_LOAD(to, where) assert(!b_stores??[eval(where),_]); to = mem[where]

/* ring_must_notify(): did old -> new pass event? */
#define PASSED(old, new, event) (WRAP(new - event) < WRAP(new - old))

/* -- event channels ----------------------------------------------------------- */

/* A port that fires while it is masked fires when it is unmasked. */
bit f_pending, f_masked, b_pending, b_masked;
#define F_FIRED (f_pending && !f_masked)
#define B_FIRED (b_pending && !b_masked)

/* -- what happened, for the judge --------------------------------------------- */

bit more = 1;		/* the client has more to ask for */
bit busy[SIZE];		/* request ids: submitted and not answered */
bit owed[SIZE];		/* taken and not answered */
#if defined(REACH_quiet) || defined(REACH_wrap)
byte answered;		/* up to 3 */
#define COUNT_ANSWER answered = (answered < 3 -> answered + 1 : 3)
#else
#define COUNT_ANSWER skip
#endif

/* -- the frontend ------------------------------------------------------------- */

/* blk_front_submit(); blk_front_reserve() gave the slot. */
inline submit()
{
	atomic {
		if
		:: !busy[0] -> f_id = 0
		:: busy[0] && !busy[1] -> f_id = 1
#ifdef MUTANT_front_overrun
		:: busy[0] && busy[1] -> f_id = 0
#endif
		fi;
		busy[f_id] = 1;
#ifdef MUTANT_front_wmb
		f_stores!REQ_PROD,WRAP(f_req_prod + 1);
#endif
		f_stores!(ENTRY + SLOT(f_req_prod)),REQUEST(f_id);
		f_req_prod = WRAP(f_req_prod + 1);
		f_id = 0
	}
}

#ifdef MUTANT_front_notify_off
#define FRONT_PASSED(old, new, event) (WRAP(new - event) < WRAP(new - old - 1))
#else
#define FRONT_PASSED(old, new, event) PASSED(old, new, event)
#endif

inline push_requests()
{
	f_stores!REQ_PROD,f_req_prod;
	atomic {
#ifndef MUTANT_front_notify_mb
		FRONT_MB ->
#endif
		FRONT_LOAD(f_got, REQ_EVENT);
		if
		:: FRONT_PASSED(f_req_pushed, f_req_prod, f_got) -> b_pending = 1
		:: else
		fi;
		f_got = 0;
		f_req_pushed = f_req_prod
	}
}

/* One response, judged as response_fault() does. */
inline reap_one()
{
	FRONT_LOAD(f_got, ENTRY + SLOT(f_rsp_cons));
	f_rsp_cons = WRAP(f_rsp_cons + 1);
	assert(f_got == RESPONSE(0) || f_got == RESPONSE(1));
	f_id = f_got - RESPONSE(0);
	assert(busy[f_id] && !owed[f_id]);
	busy[f_id] = 0;
	COUNT_ANSWER;
	f_got = 0;
	f_id = 0
}

inline seen()
{
	FRONT_LOAD(f_got, RSP_PROD);
	assert(WRAP(f_got - f_rsp_cons) <= WRAP(f_req_pushed - f_rsp_cons));
	f_rsp_seen = f_got;
	f_got = 0
}

/* Until look_for_responses() says that there is none. */
inline reap()
{
	do
	:: atomic { f_rsp_cons != f_rsp_seen -> reap_one() };
#ifdef LIVE
progress:  skip
#endif
	:: atomic { f_rsp_cons == f_rsp_seen -> seen() };
	   if
	   :: f_rsp_cons != f_rsp_seen
	   :: else ->
#ifndef MUTANT_front_no_ask
		f_stores!RSP_EVENT,WRAP(f_rsp_cons + 1);
#endif
#ifdef MUTANT_front_no_final
		break;
#endif
		atomic {
#ifndef MUTANT_front_final_mb
			FRONT_MB ->
#endif
			FRONT_LOAD(f_got, RSP_PROD);
			if
			:: f_got == f_rsp_cons -> f_got = 0; break
#ifdef MUTANT_front_stale
			:: else -> f_got = 0; break
#else
			:: else -> f_got = 0
#endif
			fi
		};
		atomic { true -> seen() }
	   fi
	od
}

proctype frontend()
{
	byte f_req_prod = START, f_req_pushed = START;
	byte f_rsp_cons = START, f_rsp_seen = START;
	byte f_got;		/* what was just loaded */
	byte f_id;

end:
	do
	:: atomic { F_FIRED -> f_pending = 0; f_masked = 1 };
	   reap();
	   atomic {
		true ->
#ifdef MUTANT_front_ack_late
		f_pending = 0;
#endif
		f_masked = 0
	   }
#ifdef MUTANT_front_overrun
	:: more ->
#else
	:: more && (!busy[0] || !busy[1]) ->
#endif
	   submit();
	   if
	   :: more && (!busy[0] || !busy[1]) -> submit()
	   :: true
	   fi;
	   push_requests()
	:: more -> more = 0
	od
}

/* -- the backend -------------------------------------------------------------- */

byte stalled = NOBODY;		/* a request without pages */
byte pages = PAGES;
bit in_flight[SIZE];	/* the engine has it, and is done when it likes */

/* admit(), then start(): false leaves it stalled. */
inline admit(id)
{
	if
	:: pages > 0 ->
		pages--;
		in_flight[id] = 1;
		stalled = NOBODY
	:: else -> stalled = id
	fi
}

inline take_one()
{
	BACK_LOAD(b_id, ENTRY + SLOT(b_req_cons));
	assert(b_id == REQUEST(0) || b_id == REQUEST(1));
	b_id = b_id - REQUEST(0);
	assert(busy[b_id] && !owed[b_id]);
	owed[b_id] = 1;
	b_req_cons = WRAP(b_req_cons + 1);
	b_left--;
	did = 1;
	admit(b_id);
	b_id = 0
}

/* blk_ring_pending(), and the one that stalled */
inline look_for_requests()
{
	BACK_LOAD(b_got, REQ_PROD);
	assert(WRAP(b_got - b_rsp_prod) <= SIZE);
	assert(WRAP(b_got - b_req_cons) <= SIZE);
	b_left = WRAP(b_got - b_req_cons);
	b_got = 0;
#ifdef MUTANT_back_rmb
	if
	:: b_left > 0 ->
		assert(b_early == REQUEST(0) || b_early == REQUEST(1))
	:: else
	fi;
	b_early = 0;
#endif
#ifndef MUTANT_back_forget_stalled
	if
	:: stalled != NOBODY -> admit(stalled)
	:: else
	fi
#endif
}

inline take()
{
#ifdef MUTANT_back_rmb
	atomic { true -> BACK_LOAD(b_early, ENTRY + SLOT(b_req_cons)) };
#endif
	atomic { true -> look_for_requests() };
	do
	:: atomic { b_left > 0 && stalled == NOBODY -> take_one() }
	:: atomic { b_left == 0 || stalled != NOBODY -> b_left = 0; break }
	od
}

inline answer(id)
{
	in_flight[id] = 0;
	woken = 0;
	assert(owed[id]);
	owed[id] = 0;
	pages++;
	did = 1;
#ifdef MUTANT_back_wmb
	b_stores!RSP_PROD,WRAP(b_rsp_prod + 1);
#endif
	/* only where a request was taken is there room for an answer */
	assert(WRAP(b_req_cons - b_rsp_prod) > 0);
#ifdef MUTANT_back_overrun
	b_stores!(ENTRY + SLOT(b_rsp_prod + 1)),RESPONSE(id);
#else
	b_stores!(ENTRY + SLOT(b_rsp_prod)),RESPONSE(id);
#endif
	b_rsp_prod = WRAP(b_rsp_prod + 1)
}

/* In whatever order the disk had them; if it woke us, it has one. */
inline complete()
{
	do
	:: atomic { in_flight[0] -> answer(0) }
	:: atomic { in_flight[1] -> answer(1) }
	:: !woken -> break
	od
}

inline push_answers()
{
	if
	:: b_rsp_pushed == b_rsp_prod
	:: else ->
		b_stores!RSP_PROD,b_rsp_prod;
		atomic {
#ifndef MUTANT_back_notify_mb
			BACK_MB ->
#endif
			BACK_LOAD(b_got, RSP_EVENT);
			if
			:: PASSED(b_rsp_pushed, b_rsp_prod, b_got) ->
				f_pending = 1
			:: else
			fi;
			b_got = 0;
			b_rsp_pushed = b_rsp_prod
		}
	fi
}

#ifdef MUTANT_back_ask_late
#define B_ASK WRAP(b_req_cons + 2)
#else
#define B_ASK WRAP(b_req_cons + 1)
#endif

inline may_sleep()
{
	if
	:: stalled != NOBODY -> b_sleep = 1
	:: else ->
#ifndef MUTANT_back_no_unmask
		atomic {
			if
			:: must_unmask -> must_unmask = 0; b_masked = 0
			:: else
			fi
		};
#endif
#ifndef MUTANT_back_no_ask
		b_stores!REQ_EVENT,B_ASK;
#endif
#ifdef MUTANT_back_no_final
		b_sleep = 1
#else
		atomic {
#ifndef MUTANT_back_final_mb
			BACK_MB ->
#endif
			BACK_LOAD(b_got, REQ_PROD);
			b_sleep = (b_got == b_req_cons);
			b_got = 0
		}
#endif
	fi
}

inline take_event()
{
	if
	:: B_FIRED -> b_pending = 0; b_masked = 1; must_unmask = 1
	:: else
	fi
}

#define IN_FLIGHT (in_flight[0] || in_flight[1])

/* engine_wait() */
inline await()
{
	if
	:: atomic { b_sleep && B_FIRED -> b_sleep = 0; take_event() }
	:: atomic { b_sleep && IN_FLIGHT -> b_sleep = 0; woken = 1; take_event() }
	:: atomic { !b_sleep -> take_event() }
	fi
}

proctype backend()
{
	byte b_req_cons = START, b_rsp_prod = START, b_rsp_pushed = START;
	byte b_got, b_left;	/* snapshot of req_prod; how many of it */
	byte b_id;
	bit must_unmask;	/* queue->masked */
	bit did, b_sleep, woken;
#ifdef MUTANT_back_rmb
	byte b_early;		/* the entry as it was before the index was read */
#endif
#ifdef MUTANT_back_sleep_early
	bit took;
#endif

	do
	:: did = 0;
	   take();
#ifdef MUTANT_back_sleep_early
	   took = did;
#endif
	   complete();
	   push_answers();
#ifdef MUTANT_back_sleep_early
	   did = took;
	   took = 0;
#endif
	   if
	   :: did -> did = 0
	   :: else -> may_sleep()
	   fi;
#ifdef MUTANT_back_spin
	   b_sleep = 0;
#endif
end:	   await()
	od
}

/* -- what must hold ----------------------------------------------------------- */

proctype judge()
{
	atomic {
		timeout ->
		assert(!busy[0] && !busy[1]);	/* lost wake-up */
		assert(pages == PAGES && stalled == NOBODY && !more);
#ifdef REACH_quiet
		if
		:: answered > 0 -> assert(false)
		:: else
		fi
#endif
	}
}

init
{
	atomic {
		mem[REQ_PROD] = START;
		mem[RSP_PROD] = START;
		mem[REQ_EVENT] = WRAP(START + 1);
		mem[RSP_EVENT] = WRAP(START + 1);
		run stores(f_stores);
		run stores(b_stores);
		run frontend();
		run backend();
		run judge()
	}
#ifdef REACH_stalled
end:	stalled != NOBODY -> assert(false)
#endif
#ifdef REACH_wrap
end:	answered == 3 -> assert(false)	/* 6, 7, 0 */
#endif
#ifdef REACH_masked
end:	b_pending && b_masked -> assert(false)
#endif
}
