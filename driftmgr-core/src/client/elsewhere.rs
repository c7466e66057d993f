//! Drift against what is known already: a plan, a snapshot, another state. No provider is asked.

use std::sync::Arc;

use super::{Client, DriftOptions, Stack, moved};
use crate::drift::{
    DriftInput, DriftReport, Plan, PlanReality, Renames, Selection, StateReality, SurveyOptions,
    survey,
};
use crate::error::{Error, Partial, Result};
use crate::event::Event;
use crate::state::State;

impl Client {
    /// What a plan says about the state that it was made from; the state itself is not needed. `label` names the plan in the report.
    ///
    /// # Errors
    /// `InvalidInput` for an address in the options that is none.
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
    /// `InvalidInput` for an address in the options that is none.
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
        add_problems(&mut report, stack, renames.problems);
        Ok(report)
    }

    /// Compares a stack with another state as if that were reality: objects that only the stack has are missing, those that differ are
    /// modified, and those that only the other state has are counted as unmanaged. Data sources are skipped.
    ///
    /// # Errors
    /// `InvalidInput` for an address in the options that is none.
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
        add_problems(&mut report, stack, problems);
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
        let selection = Selection::new(&options.targets, &options.exclude)?;
        let survey_options = SurveyOptions {
            rules: self.rules.clone(),
            comparators: options.comparators.clone(),
            filter: options.filter.clone(),
            selection,
            ..SurveyOptions::default()
        };
        Ok(survey(&self.cx, inputs, &survey_options).await)
    }
}

/// What could not be read of the stack's configuration.
fn add_problems(report: &mut DriftReport, stack: &Stack, moved: Vec<Error>) {
    let all = moved.into_iter().chain(stack.problems().iter().cloned());
    report
        .problems
        .extend(all.map(|p| p.with("target", stack.label())));
}
