import { Flight } from '../client/flight.js';
import type { PatientClient } from '../client/patient-client.js';
import { compareAnswers } from '../compare/compare-answers.js';
import { normalise } from '../compare/normalise.js';
import type { Recipe } from './recipes.js';

/**
 * What each recipe is answered with while nothing disturbs it, through both gateways.
 * @throws Error when a recipe is not answered, or not twice the same
 */
export async function takeReferences(
  client: PatientClient,
  recipes: readonly Recipe[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const references = new Map<string, readonly string[]>();
  for (const recipe of recipes) {
    const first = await answerOf(client, recipe, 0);
    const second = await answerOf(client, recipe, 1);
    const { detail } = compareAnswers(first, second);
    if (detail !== undefined) throw new Error(`"${recipe.name}" is not answered twice the same: ${detail}`);
    references.set(recipe.name, first);
  }
  return references;
}

async function answerOf(client: PatientClient, recipe: Recipe, gateway: number): Promise<readonly string[]> {
  const key = `chaos-${process.pid}-reference-${recipe.name.replaceAll(' ', '-')}-${gateway}`;
  const flight = new Flight(recipe, key, gateway);
  await client.fly(flight);
  if (flight.end !== 'finished' || flight.problem !== undefined)
    throw new Error(`"${recipe.name}" is not answered undisturbed: ${flight.problem}`);
  return normalise(flight.answer);
}
