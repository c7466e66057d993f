//! Drift against what is known already: a plan, a snapshot, another state. No provider is asked.

use std::sync::Arc;

use super::{Client, DriftOptions, Stack, moved};
use crate::drift::{
    DriftInput, DriftReport, Plan, PlanReality, Renames, Selection, SurveyOptions, survey,
};
use crate::error::Result;
use crate::event::Event;

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
        report.problems.extend(
            renames
                .problems
                .into_iter()
                .chain(stack.problems().iter().cloned())
                .map(|p| p.with("target", stack.label())),
        );
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
