//! Drift against what is known already: a plan, a snapshot, another state. No provider is asked.

use std::sync::Arc;

use super::{Client, DriftOptions, Stack, ignoring, moved};
use crate::drift::{
    DriftInput, DriftReport, Plan, PlanReality, Recording, Renames, Selection, Snapshot,
    SnapshotReality, StateReality, SurveyOptions, Tell, survey_aloud,
};
use crate::error::{Error, Partial, Result};
use crate::event::Event;
use crate::state::State;

impl Client {
    /// What a plan says about the state that it was made from; the state itself is not needed. `label` names the plan in the report.
    ///
    /// # Errors
    /// Those of [`Client::detect_drift`].
    ///
    /// ```no_run
    /// # async fn example(client: driftmgr_core::client::Client) -> driftmgr_core::Result<()> {
    /// use std::sync::Arc;
    /// use driftmgr_core::drift::Plan;
    ///
    /// let plan = Arc::new(Plan::read("plan.json")?);
    /// let report = client.drift_of_plan("plan.json", &plan, &client.drift_options()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn drift_of_plan(
        &self,
        label: &str,
        plan: &Arc<Plan>,
        options: &DriftOptions,
    ) -> Result<DriftReport> {
        let input = DriftInput {
            target: label.to_owned(),
            state: Arc::new(PlanReality::state(plan)?),
            reality: Arc::new(PlanReality::alone(plan.clone())),
            renames: Renames::default().and(PlanReality::moves(plan)),
            configuration: None,
        };
        self.say_what_is_assumed(plan);
        self.compare(&[input], options).await
    }

    /// What a plan says about a stack. The plan must have been made from the stack's state: what is not as it was then is unverifiable.
    ///
    /// # Errors
    /// Those of [`Client::detect_drift`].
    pub async fn drift_by_plan(
        &self,
        stack: &Stack,
        plan: &Arc<Plan>,
        options: &DriftOptions,
    ) -> Result<DriftReport> {
        let renames = moved::renames(stack);
        let input = DriftInput {
            target: stack.label().to_owned(),
            state: Arc::new(PlanReality::marked(plan, stack.state())),
            reality: Arc::new(PlanReality::new(plan.clone())),
            renames: renames.value.and(PlanReality::moves(plan)),
            configuration: stack.inner.root_module.clone(),
        };
        self.say_what_is_assumed(plan);
        let mut report = self.compare(&[input], options).await?;
        add_problems(&mut report, vec![(stack, renames.problems)]);
        Ok(report)
    }

    /// Compares a stack with another state as if that were reality: objects that only the stack has are missing, those that differ are
    /// modified, and those that only the other state has are counted as unmanaged. Data sources are skipped.
    ///
    /// # Errors
    /// Those of [`Client::detect_drift`].
    pub async fn drift_by_state(
        &self,
        stack: &Stack,
        real: &State,
        options: &DriftOptions,
    ) -> Result<DriftReport> {
        let selection = Selection::new(&options.targets, &options.exclude)?;
        let (mine, other) = (&stack.state().lineage, &real.lineage);
        if mine != other && !mine.is_empty() && !other.is_empty() {
            self.cx.emit(&Event::Warning {
                message:
                    "the two states have different lineages: they are not two versions of one state"
                        .to_owned(),
            });
        }
        let Partial {
            value: renames,
            problems,
        } = moved::renames(stack);
        let reality = StateReality::new(real, renames.clone());
        let unmanaged = reality.unmanaged(stack.state(), &selection);
        let input = DriftInput {
            target: stack.label().to_owned(),
            state: Arc::new(reality.marked(stack.state())),
            reality: Arc::new(reality),
            renames,
            configuration: stack.inner.root_module.clone(),
        };
        let mut report = self.compare(&[input], options).await?;
        report.summary.unmanaged = unmanaged;
        add_problems(&mut report, vec![(stack, problems)]);
        Ok(report)
    }

    /// Looks at every managed instance of the stacks, as [`Client::detect_drift`] does, and writes down what was found.
    ///
    /// # Errors
    /// Those of [`Client::detect_drift`].
    ///
    /// ```no_run
    /// # async fn example(client: driftmgr_core::client::Client) -> driftmgr_core::Result<()> {
    /// let stacks = [client.open("network").await?, client.open("shop").await?];
    /// let (snapshot, report) = client.snapshot(&stacks, &client.drift_options()).await?;
    /// snapshot.write("now.json")?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn snapshot(
        &self,
        stacks: &[Stack],
        options: &DriftOptions,
    ) -> Result<(Snapshot, DriftReport)> {
        let mut recording = Recording::begin(&self.cx);
        let report = self
            .ask_providers(
                stacks,
                options,
                |stack, reality| recording.add(stack.label(), &stack.inner.state, reality),
                &|_| {},
            )
            .await?;
        Ok((recording.finish(&self.cx, &report)?, report))
    }

    /// Compares the stacks with what a snapshot found. Where a state is still as it was then, the report is that of the run which made the
    /// snapshot.
    ///
    /// # Errors
    /// - `NotFound` for a stack that the snapshot does not hold.
    /// - `InvalidInput` for a snapshot that cannot be read.
    /// - Those of [`Client::detect_drift`].
    ///
    /// ```no_run
    /// # async fn example(client: driftmgr_core::client::Client) -> driftmgr_core::Result<()> {
    /// use driftmgr_core::drift::Snapshot;
    ///
    /// let stacks = [client.open("network").await?];
    /// let then = Snapshot::read("now.json")?;
    /// let report = client.drift_by_snapshot(&stacks, &then, &client.drift_options()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn drift_by_snapshot(
        &self,
        stacks: &[Stack],
        snapshot: &Snapshot,
        options: &DriftOptions,
    ) -> Result<DriftReport> {
        let mut inputs = Vec::with_capacity(stacks.len());
        let mut problems = Vec::new();
        for stack in stacks {
            let renames = moved::renames(stack);
            problems.push((stack, renames.problems));
            inputs.push(DriftInput {
                target: stack.label().to_owned(),
                state: stack.inner.state.clone(),
                reality: Arc::new(SnapshotReality::new(
                    snapshot,
                    stack.label(),
                    stack.state(),
                )?),
                renames: renames.value,
                configuration: stack.inner.root_module.clone(),
            });
        }
        let mut report = self.compare(&inputs, options).await?;
        add_problems(&mut report, problems);
        Ok(report)
    }

    fn say_what_is_assumed(&self, plan: &Plan) {
        if plan.refresh_only && plan.complete != Some(true) && plan.objects().next().is_some() {
            self.cx.emit(&Event::Warning {
                message: "the plan proposes nothing for any object: it is taken for a refresh-only plan of all of them; one with -target would look the same"
                    .to_owned(),
            });
        }
    }

    pub(super) async fn compare(
        &self,
        inputs: &[DriftInput],
        options: &DriftOptions,
    ) -> Result<DriftReport> {
        self.compare_aloud(inputs, options, &|_| {}).await
    }

    /// The same, telling what is found.
    pub(super) async fn compare_aloud(
        &self,
        inputs: &[DriftInput],
        options: &DriftOptions,
        tell: Tell<'_>,
    ) -> Result<DriftReport> {
        let silent = ignoring::read(&self.cx, options)?;
        let options = &silent.value;
        let selection = Selection::new(&options.targets, &options.exclude)?;
        let survey_options = SurveyOptions {
            rules: self.rules.clone(),
            comparators: options.comparators.clone(),
            filter: options.filter.clone(),
            selection,
            ..SurveyOptions::default()
        };
        let mut report = survey_aloud(&self.cx, inputs, &survey_options, tell).await;
        report.problems.extend(silent.problems);
        Ok(report)
    }
}

/// What could not be read of the stacks' `moved` blocks, and then of the rest of their configurations.
pub(super) fn add_problems(report: &mut DriftReport, moved: Vec<(&Stack, Vec<Error>)>) {
    let named = |stack: &Stack, error: Error| error.with("target", stack.label());
    let stacks: Vec<&Stack> = moved.iter().map(|(stack, _)| *stack).collect();
    for (stack, problems) in moved {
        let problems = problems.into_iter().map(|p| named(stack, p));
        report.problems.extend(problems);
    }
    for stack in stacks {
        let problems = stack.problems().iter().map(|p| named(stack, p.clone()));
        report.problems.extend(problems);
    }
}
