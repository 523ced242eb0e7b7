"""Verbs, in the past, of deeds that a narrative reports."""

from workers.meaning.sentences import words

DEEDS = words(
    "acquired activated added addressed adjusted adopted aligned allocated amended analyzed applied "
    "appointed appropriated approved assessed assigned audited authorized automated awarded bought "
    "broadened built canceled cancelled captured centralized certified changed chartered checked "
    "chose chosen circulated clarified cleared closed codified collected compiled completed concluded "
    "conducted configured connected consolidated constructed contacted convened converted coordinated "
    "corrected created debarred decommissioned defined delegated delivered deployed designated "
    "designed developed directed discontinued disseminated distributed documented educated eliminated "
    "emailed enacted enhanced enrolled entered equipped established evaluated executed expanded "
    "filled finalized finished fixed formalized formed funded halted harmonized hired implemented "
    "imposed improved included incorporated increased inserted inspected installed instituted "
    "institutionalized instructed integrated introduced inventoried issued labeled launched leased "
    "linked mandated mapped merged migrated modernized modified negotiated notified obligated "
    "obtained opened ordered passed piloted placed posted prioritized procured prohibited promulgated "
    "provided published purchased ratified reassigned reclassified reconciled recorded recovered "
    "recruited redesigned reduced refined reinstated released relocated removed renewed reorganized "
    "repaired repealed replaced required rescinded resolved restored restructured resumed retired "
    "retrofitted revised revoked rewritten rewrote selected sent shared signed simplified sold "
    "solicited staffed standardized stopped streamlined strengthened submitted surveyed suspended "
    "deleted exercised reallocated redirected restarted deactivated digitized encrypted uploaded archived "
    "demolished moved compared mailed switched terminated tested tightened trained transferred "
    "transmitted transitioned onboarded devised supplemented commissioned outfitted undertaken undertook "
    "updated upgraded validated verified withdrawn withdrew written wrote"
)
