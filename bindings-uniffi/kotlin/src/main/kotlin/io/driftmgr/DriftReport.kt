package io.driftmgr

import kotlinx.serialization.json.JsonElement

/** The whole answer for one or many states. What was not looked at is part of it. Two reports are equal when they say the same. */
public class DriftReport internal constructor(internal val native: NativeReport) : AutoCloseable {
    /** What it says, as data. */
    public val data: ReportData by lazy { native { native.data() } }

    /** Counts. */
    public val summary: Summary get() = data.summary

    /** How well reality complies with the states, with reasons. */
    public val score: Score get() = data.score

    /** The states that were looked at, sorted, each with its counts. */
    public val targets: List<SurveyedTarget> get() = data.targets

    /** The differences, hidden ones included, sorted by target and address. */
    public val findings: List<Finding> get() = data.findings

    /** The differences that are shown. */
    public val visible: List<Finding> get() = findings.filter { it.drift.hidden == null }

    /** Findings with one cause. */
    public val groups: List<Group> get() = data.groups

    /** Objects that were not compared. */
    public val notLookedAt: List<NotLookedAt> get() = data.notLookedAt

    /** Who answered. */
    public val providers: List<SurveyedProvider> get() = data.providers

    /** What users' rules did. */
    public val rules: List<RuleOutcome> get() = data.rules

    /** What could not be read or done. */
    public val problems: List<Problem> get() = data.problems

    /** As `driftmgr drift --format json` prints it. Secrets are masked. */
    public fun toJson(): JsonElement = native { native.toJson() }

    /** The report in a format, as bytes in UTF-8. */
    public fun render(format: Format, options: RenderOptions = RenderOptions()): ByteArray =
        native { native.render(format, options) }

    /** The short answer, when only findings of this severity and above count. Hidden findings never do. */
    public fun check(from: Severity = Severity.INFORMATIONAL): Check = native { native.check(from) }

    /**
     * A report for each of [targets], by its name and in their order. Providers, rules, and problems that belong to no single target stand in
     * each. A target that could not be opened has no report, only its problem in the whole.
     */
    public fun byTarget(): Map<String, DriftReport> =
        native { native.byTarget() }.toSortedMap().mapValues { DriftReport(it.value) }

    /** Ignore rules that would hide what the report shows and a rule may hide, the narrowest first. */
    public fun suggestIgnores(): List<Suggestion> = native { native.suggestIgnores() }

    /**
     * All that the report shows as a list of what is known today, for [file] and with one [reason] for all of it. What [previous] knows keeps
     * its date and reason. [Baseline.write] writes the file.
     *
     * @throws DriftmgrException.InvalidInput without a reason
     */
    public fun baseline(file: String, reason: String, previous: Baseline? = null): Baseline =
        Baseline(native { native.baseline(file, reason, previous?.native) })

    override fun equals(other: Any?): Boolean = this === other || other is DriftReport && data == other.data

    override fun hashCode(): Int = data.hashCode()

    override fun toString(): String =
        with(summary) { "DriftReport($checked checked, $drifted drifted, $deleted deleted, $unverifiable open, ${problems.size} problems)" }

    /** Frees native memory at once. What was read from the report stays. */
    override fun close(): Unit = native.close()

    public companion object {
        /**
         * Reads a report that was written as JSON. Masked values stay masked.
         *
         * @throws DriftmgrException.InvalidInput for a text that is no report
         * @throws DriftmgrException.Unsupported for one of another major version
         */
        public fun fromJson(text: String): DriftReport = DriftReport(native { nativeReportFromJson(text) })
    }
}

/**
 * The format of a name, such as `sarif`.
 *
 * @throws DriftmgrException.InvalidInput for a name of none, with those that there are
 */
public fun formatOf(name: String): Format = native { nativeFormatOf(name) }

/** Its name, the same in every run and every output. */
public val Finding.fingerprint: String get() = drift.fingerprint

/** How reality differs. */
public val Finding.kind: Kind get() = drift.kind

/** How much it matters. */
public val Finding.severity: Severity get() = drift.severity

/** What it is about. */
public val Finding.category: Category get() = drift.category

/** The attributes that differ. */
public val Finding.changes: List<AttributeChange> get() = drift.changes

/** Why, one sentence each. */
public val Finding.reasons: List<String> get() = drift.reasons

/** Why it is not shown; null for a visible finding. */
public val Finding.hidden: Hidden? get() = drift.hidden

/** Differences that are known and not to be shown. */
public class Baseline internal constructor(internal val native: NativeBaseline) : AutoCloseable {
    /** How many differences are known. */
    public val size: Long get() = native.len()

    /** Changes of secrets, which are no part of it. */
    public val secret: Long get() = native.secret()

    /** Entries that are wrong; they hide nothing. */
    public val problems: List<Problem> get() = native.problems()

    /** The content of the file. */
    public fun text(): String = native.text()

    /** Writes it to its file, over what is there. */
    public suspend fun write(): Unit = onDisk { native.write() }

    /** Frees native memory at once. */
    override fun close(): Unit = native.close()

    public companion object {
        /** Reads a baseline file. */
        public suspend fun read(file: String): Baseline = Baseline(onDisk { nativeReadBaseline(file) })
    }
}
