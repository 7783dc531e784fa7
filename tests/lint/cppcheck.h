/* SPDX-License-Identifier: MIT */
/* What cppcheck cannot read in the system's headers: see test-cppcheck.sh. */
#undef TAILQ_FOREACH
#define TAILQ_FOREACH(var, head, field) \
	for ((var) = (head)->tqh_first; (var); (var) = (var)->field.tqe_next)
