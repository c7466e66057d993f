//! Drift reports.

use super::{record, words};
use crate::typed::{Facts, JsonValue, as_pair, json_form, pair};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

words! {
    /// What went wrong.
    ErrorKind {
        /// The thing asked for does not exist.
        NotFound,
        /// The credentials are known and do not allow this.
        PermissionDenied,
        /// There are no credentials, or they are not accepted.
        Unauthenticated,
        /// Somebody else holds the lock.
        Locked,
        /// The stored thing is not the one that was expected.
        Conflict,
        /// The other side asks to slow down.
        RateLimited,
        /// The deadline passed.
        Timeout,
        /// The caller cancelled.
        Cancelled,
        /// This build or this kind of thing cannot do it.
        Unsupported,
        /// A configuration is wrong: Terraform's or ours.
        InvalidConfig,
        /// A state cannot be read or is not a state.
        InvalidState,
        /// An argument is wrong.
        InvalidInput,
        /// The other side is down or unreachable.
        Unavailable,
        /// A program that was started, a provider, failed.
        ToolFailed,
        /// A defect of this library, or something that no rule foresaw.
        Unexpected,
    }
}

words! {
    /// How reality differs.
    Kind {
        /// In the state, and not in reality.
        Missing,
        /// In both, with other attributes.
        Modified,
        /// As the state says, at an address that a `moved` block has changed since.
        Moved,
    }
}

words! {
    /// What the provider says of a difference.
    DriftClass {
        /// Both are the same: apply would change nothing.
        Cosmetic,
        /// Apply would change something.
        Material,
        /// The provider could not be asked.
        Unclassified,
    }
}

words! {
    /// How much it matters.
    Severity {
        /// Tags, descriptions, metadata.
        Informational,
        /// Backup, capacity, network, version.
        Important,
        /// Exposure, encryption, public access, authentication.
        Critical,
    }
}

words! {
    /// What a difference is about.
    Category {
        /// Who can reach it.
        Exposure,
        /// Encryption at rest and in transit.
        Encryption,
        /// Open to everybody.
        PublicAccess,
        /// Who may do what.
        Authentication,
        /// Traces of what happened.
        Logging,
        /// What survives a loss.
        Backup,
        /// Size and number.
        Capacity,
        /// Where it stands in the network.
        Network,
        /// Versions of what runs.
        Version,
        /// What people note down.
        Metadata,
        /// Anything else.
        Other,
    }
}

words! {
    /// What apply would do about a finding.
    EffectAction {
        /// Nothing.
        None,
        /// Change the object in place.
        Update,
        /// Destroy it and create it anew.
        Replace,
        /// Create it.
        Create,
        /// Destroy it: a deposed object.
        Destroy,
    }
}

words! {
    /// How sure it is that a difference means nothing.
    Certainty {
        /// The name suggests it.
        Presumed,
        /// It follows from what the values mean.
        Known,
        /// The provider says so, or it cannot be otherwise.
        Proven,
    }
}

words! {
    /// Why an object was not compared.
    NotLookedAtKind {
        /// It should have been looked at, and could not: the answer is open.
        Unverifiable,
        /// There is nothing to compare, or the caller left it out.
        Skipped,
    }
}

words! {
    /// Why findings or changes belong together.
    Cause {
        /// An object is gone, and the others depend on it and hold its id.
        DeletedParent,
        /// The same attributes have the same values now on several instances of one type.
        SameChange,
        /// Attributes of one object that the cloud changes together.
        MovesTogether,
    }
}

words! {
    /// How a rule of a user fared.
    RuleStatus {
        /// It speaks of something that may be hidden.
        Active,
        /// It speaks of nothing in the report.
        Dead,
        /// Its time is over.
        Expired,
        /// It speaks only of what is always shown.
        Refused,
        /// It speaks of nothing in the report, and may speak of something that was not looked at.
        Unseen,
    }
}

record! {
    /// Counts of objects. `checked = same + drifted + deleted + hidden`; with `unverifiable` and `skipped` it is every object of the states.
    Summary {
        /// Objects compared with reality.
        checked: i64,
        /// Without a difference.
        same: i64,
        /// With a visible difference, moved ones included.
        drifted: i64,
        /// In the state, not in reality.
        deleted: i64,
        /// In reality, in no state.
        unmanaged: i64,
        /// Should have been compared and could not be: the answer about them is open.
        unverifiable: i64,
        /// Not to be compared, such as data sources.
        skipped: i64,
        /// With nothing but hidden differences.
        hidden: i64,
    }
}

record! {
    /// A state that was looked at.
    SurveyedTarget {
        /// The target, as the caller named it.
        target: String,
        /// Counts of its objects.
        summary: Summary,
    }
}

record! {
    /// How many objects were looked at.
    LookedAtShare {
        /// Objects that were looked at.
        objects: i64,
        /// Objects that there were to look at. Data sources are not among them.
        of: i64,
    }
}

record! {
    /// What one finding takes from the score.
    Deduction {
        /// The state it concerns, as the caller named the target.
        target: String,
        /// The instance, as in the finding.
        address: String,
        /// The key of a deposed object.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deposed: Option<String>,
        /// The finding's severity.
        severity: Severity,
        /// Points of 100.
        points: i32,
        /// Why, for people.
        reason: String,
    }
}

record! {
    /// How well reality complies with the states, with reasons.
    Score {
        /// 0 to 100: 100 less all deductions, and no more than `at_most`.
        value: i32,
        /// What can be claimed at most: the share of objects that were looked at in percent, and never 100 when something is open.
        at_most: i32,
        /// How many objects that is said of.
        looked_at: LookedAtShare,
        /// Why no more can be claimed, a sentence each.
        limits: Vec<String>,
        /// What each visible finding takes, the most severe first.
        deductions: Vec<Deduction>,
        /// Visible findings that take nothing more, since those of their severity have taken all that they can together.
        uncounted: i32,
    }
}

record! {
    /// Why both sides of a change mean the same.
    Noise {
        /// The rule that says so.
        rule: String,
        /// Its reason.
        reason: String,
        /// How sure that is.
        certainty: Certainty,
    }
}

record! {
    /// Why something is not shown.
    Hidden {
        /// The rule that hides it.
        rule: String,
        /// Its reason.
        reason: String,
    }
}

record! {
    /// An attribute that differs. Secrets are masked.
    AttributeChange {
        /// Its name, the same in every run and every output.
        fingerprint: String,
        /// Where, as in Terraform expressions: `tags["env"]`, `ingress[0].port`.
        path: String,
        /// The value in the state; JSON null where there is none.
        before: JsonValue,
        /// The value in reality; JSON null where there is none.
        after: JsonValue,
        /// Either value is a secret or holds one.
        sensitive: bool,
        /// Apply would change it.
        material: bool,
        /// How much it matters.
        severity: Severity,
        /// What it is about.
        category: Category,
        /// Why it has this severity.
        reason: String,
        /// The configuration sets this attribute; null without a configuration.
        configured: Option<bool>,
        /// Why both sides mean the same; null for a real change.
        noise: Option<Noise>,
        /// Why it is not shown; null for a visible change.
        hidden: Option<Hidden>,
    }
}

record! {
    /// What apply would do about a finding.
    Effect {
        /// The action.
        action: EffectAction,
        /// The attributes whose change makes it a replacement.
        replace_because: Vec<String>,
    }
}

record! {
    /// A place in a file of the configuration.
    Place {
        /// The file.
        file: String,
        /// The line, from 1.
        line: i32,
    }
}

record! {
    /// What differs and why it matters.
    Drift {
        /// The finding's name, the same in every run and every output.
        fingerprint: String,
        /// The state it concerns, as the caller named the target.
        target: String,
        /// How reality differs.
        kind: Kind,
        /// What the provider says.
        class: DriftClass,
        /// The highest severity of its changes.
        severity: Severity,
        /// What the most severe change is about.
        category: Category,
        /// The areas that it touches, such as `security`.
        impact: Vec<String>,
        /// Why, one sentence each.
        reasons: Vec<String>,
        /// The attributes that differ; empty for a missing object.
        changes: Vec<AttributeChange>,
        /// What apply would do, when that is known.
        effect: Option<Effect>,
        /// The block that declares it; null without a configuration, or when it holds no such block.
        declared: Option<Place>,
        /// Why it is not shown; null for a visible finding.
        hidden: Option<Hidden>,
    }
}

record! {
    /// The object as a whole, as Terraform's plan JSON has it. Secrets are masked.
    ObjectChange {
        /// `delete`, `update` or `no-op`: what happened to the object outside of Terraform.
        actions: Vec<String>,
        /// The object in the state.
        before: JsonValue,
        /// The object in reality; JSON null when it is gone.
        after: JsonValue,
        /// Always empty: reality is known.
        after_unknown: JsonValue,
        /// `true` in the place of each secret of `before`.
        before_sensitive: JsonValue,
        /// `true` in the place of each secret of `after`.
        after_sensitive: JsonValue,
    }
}

record! {
    /// One difference between a state and reality.
    Finding {
        /// The instance, by the address that the configuration gives it.
        address: String,
        /// Its address in the state, where a `moved` block has changed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous_address: Option<String>,
        /// The module; null for the root module.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        module_address: Option<String>,
        /// `managed` or `data`.
        mode: String,
        /// The resource type.
        #[serde(rename = "type")]
        resource_type: String,
        /// The resource's name.
        name: String,
        /// The key of `count` or `for_each`: a number or a text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index: Option<JsonValue>,
        /// The key of a deposed object.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deposed: Option<String>,
        /// The source address of its provider.
        provider_name: String,
        /// The object as a whole.
        change: ObjectChange,
        /// What differs and why it matters.
        drift: Drift,
    }
}

record! {
    /// A finding, named.
    Member {
        /// The state it concerns, as the caller named the target.
        target: String,
        /// The instance, as in the finding.
        address: String,
        /// The key of a deposed object.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deposed: Option<String>,
    }
}

record! {
    /// Findings with one cause, or changes of one finding.
    Group {
        /// What they have in common.
        cause: Cause,
        /// What happened, for people.
        reason: String,
        /// The deleted object of `deleted_parent`; null for other causes.
        parent: Option<Member>,
        /// The findings, sorted; a deleted parent is one of them.
        members: Vec<Member>,
        /// The changed attributes that it is about; empty for a deleted parent.
        paths: Vec<String>,
    }
}

record! {
    /// An object that was not compared.
    NotLookedAt {
        /// The instance, by its address in the state.
        address: String,
        /// The key of a deposed object.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deposed: Option<String>,
        /// Open or without interest.
        kind: NotLookedAtKind,
        /// Why, for people.
        reason: String,
        /// The state it concerns, as the caller named the target.
        target: String,
    }
}

record! {
    /// A provider configuration that was asked.
    SurveyedProvider {
        /// The configuration's address, as states spell it.
        address: String,
        /// The provider's version, when it is known.
        version: Option<String>,
        /// `plugin`: a binary that was started; `reattached`: a provider that was running; `native`: driftmgr itself.
        origin: String,
        /// The binary of a plugin.
        path: Option<String>,
    }
}

record! {
    /// Where a rule is written.
    RuleOrigin {
        /// The file, as it was named.
        file: String,
        /// The line, from 1; null when the rule does not stand in a line.
        line: Option<i32>,
    }
}

record! {
    /// A rule of a user, held against the whole report.
    RuleOutcome {
        /// What kind of rule: `ignore`, `ignore_tags`, `driftignore`, `baseline`.
        rule: String,
        /// Where it is written.
        origin: RuleOrigin,
        /// How many changes it speaks of and may hide, whether or not another rule hides them too.
        hidden: i64,
        /// How it fared.
        status: RuleStatus,
        /// The last day on which it holds, as YYYY-MM-DD; null for good.
        until: Option<String>,
        /// What it speaks of and does not apply to: deletions, moves and critical changes.
        refused: Vec<String>,
        /// Entries of a baseline that no difference needs any more.
        unneeded: Vec<String>,
    }
}

record! {
    /// Something that could not be read or done.
    Problem {
        /// The kind of error.
        kind: ErrorKind,
        /// What is wrong.
        message: String,
        /// Where, and with what: `file`, `line`, `provider`, `target` and others.
        place: Facts,
        /// Ways out.
        hints: Vec<String>,
    }
}

record! {
    /// The whole answer for one or many states.
    ReportData {
        /// Version of this form, MAJOR.MINOR.
        format_version: String,
        /// Counts.
        summary: Summary,
        /// How well reality complies with the states.
        score: Score,
        /// The states that were looked at, sorted, those without a difference too.
        targets: Vec<SurveyedTarget>,
        /// The differences, hidden ones included, sorted by target and address.
        #[serde(rename = "resource_drift")]
        findings: Vec<Finding>,
        /// Findings with one cause.
        groups: Vec<Group>,
        /// Objects that were not compared.
        not_looked_at: Vec<NotLookedAt>,
        /// Who answered.
        providers: Vec<SurveyedProvider>,
        /// What users' rules did.
        rules: Vec<RuleOutcome>,
        /// What could not be read or done.
        problems: Vec<Problem>,
    }
}

record! {
    /// The short answer: is it safe to go on?
    Check {
        /// `true` in sync, `false` drifted, null when nothing drifted and something could not be looked at.
        safe: Option<bool>,
        /// The exit code that says the same: 0, 2 or 3.
        exit: i32,
        /// The counts.
        summary: Summary,
    }
}

/// A fact for people.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct LabelledText {
    /// What it is about.
    pub label: String,
    /// What it says.
    pub text: String,
}

impl<'de> Deserialize<'de> for LabelledText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        pair(from).map(|(label, text)| Self { label, text })
    }
}

impl Serialize for LabelledText {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        as_pair(&self.label, &self.text, to)
    }
}

record! {
    /// What is known of an instance without asking anybody.
    InstanceFacts {
        /// Of its state, and of its objects in it.
        state: Vec<LabelledText>,
        /// Of its provider, and where that one's configuration comes from.
        provider: Vec<LabelledText>,
    }
}

record! {
    /// Everything about one instance.
    Explanation {
        /// The instance, by its address in the state.
        address: String,
        /// What is known without asking anybody.
        facts: InstanceFacts,
        /// What was found for this instance.
        report: ReportData,
    }
}

record! {
    /// A rule that would hide something that the report shows. It needs a reason before it can be used.
    Suggestion {
        /// How many instances it speaks of.
        instances: i64,
        /// How many visible changes it would hide.
        changes: i64,
        /// The address, when the rule is for one resource.
        address: Option<String>,
        /// The resource type, when it is for several.
        #[serde(rename = "type")]
        resource_type: Option<String>,
        /// The attributes, separated by `|`.
        path: String,
        /// The lines of a `.driftignore` that would do the same.
        driftignore: Vec<String>,
    }
}

record! {
    /// A severity rule that holds.
    SeverityRule {
        /// `settings`, or the family of providers that a built-in rule is for.
        origin: String,
        /// Resource types; `*` for any run of characters, `|` between alternatives.
        #[serde(rename = "type")]
        resource_type: String,
        /// Attribute names from the top, joined by dots; null for the object's deletion.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// The condition; docs/rules.md describes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        when: Option<JsonValue>,
        /// How much it matters.
        severity: Severity,
        /// What it is about.
        category: Category,
        /// Why, for people.
        reason: String,
    }
}

record! {
    /// An object that was looked at.
    LookedAt {
        /// The state that it belongs to, as the caller named the target.
        target: String,
        /// Its address in the state.
        address: String,
        /// The key of a deposed object.
        deposed: Option<String>,
        /// What the read gave: `same`, `drifted`, `deleted` or `unverifiable`.
        outcome: String,
        /// Objects looked at so far, this one included.
        done: i64,
        /// Objects to look at.
        total: i64,
    }
}

json_form!(
    ReportData,
    Score,
    Problem,
    LookedAt,
    Finding,
    NotLookedAt,
    Check,
    Explanation,
    Suggestion,
    SeverityRule
);
