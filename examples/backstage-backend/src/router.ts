import type { HttpAuthService, LoggerService } from '@backstage/backend-plugin-api';
import { ConflictError, InputError, NotAllowedError, NotFoundError, ServiceUnavailableError } from '@backstage/errors';
import { Client, DriftmgrError, type DriftOptions } from 'driftmgr';
import type { Request, RequestHandler, Response } from 'express';
import Router from 'express-promise-router';

export interface RouterOptions {
  readonly client: Client;
  /** Targets by name. */
  readonly stacks: ReadonlyMap<string, string>;
  /** How every look is done. */
  readonly options: DriftOptions;
  readonly httpAuth: HttpAuthService;
  readonly logger: LoggerService;
}

/**
 * - `GET /stacks`: the names
 * - `GET /stacks/:name/check`: the short answer
 * - `GET /stacks/:name/report`: the report; as a page for browsers, as JSON otherwise
 *
 * A request that ends early ends its run, the provider processes too.
 */
export function createRouter({ client, stacks, options, httpAuth, logger }: RouterOptions): RequestHandler {
  const router = Router();

  const look = async (request: Request, response: Response) => {
    const name = request.params.name ?? '';
    const target = stacks.get(name);
    if (target === undefined) throw new NotFoundError(`there is no stack '${name}'`);
    const stack = await client.open(target);
    const report = await stack.detectDrift({ ...options, signal: left(response) });
    const { checked, drifted, deleted, unverifiable } = report.summary;
    logger.info('looked for drift', { stack: name, checked, drifted, deleted, unverifiable });
    return report;
  };

  router.use(async (request) => {
    await httpAuth.credentials(request, { allow: ['user', 'service'] });
    return 'next';
  });

  router.get('/stacks', async (_request, response) => {
    response.json({ stacks: [...stacks.keys()].sort() });
  });

  router.get('/stacks/:name/check', async (request, response) => {
    const report = await told(look(request, response));
    response.json(report.check());
  });

  router.get('/stacks/:name/report', async (request, response) => {
    const report = await told(look(request, response));
    if (request.accepts(['json', 'html']) === 'html') {
      response.type('html').send(await report.render('html'));
    } else {
      response.json(report);
    }
  });

  return router;
}

/** An error of the library as one that Backstage answers with the right status. Neither holds a secret. */
async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof DriftmgrError)) throw error;
    const message = [error.message, ...error.hints].join('; ');
    switch (error.code) {
      case 'not_found':
        throw new NotFoundError(message, error);
      case 'invalid_input':
      case 'invalid_config':
      case 'invalid_state':
        throw new InputError(message, error);
      case 'permission_denied':
        throw new NotAllowedError(message, error);
      case 'locked':
      case 'conflict':
        throw new ConflictError(message, error);
      case 'timeout':
      case 'unavailable':
      case 'rate_limited':
        throw new ServiceUnavailableError(message, error);
      default:
        throw error;
    }
  }
}

/** Is aborted when whoever asked goes away. */
function left(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new Error('the client left'));
  });
  return controller.signal;
}
