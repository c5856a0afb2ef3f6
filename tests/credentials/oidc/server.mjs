// A certified OpenID provider of others (oidc-provider), configured for the tests of our client.
// PORT and SECONDS (how long an access token lives) come from the environment.
import Provider from 'oidc-provider';

const port = Number(process.env.PORT);
const seconds = Number(process.env.SECONDS ?? 3600);
const issuer = `http://127.0.0.1:${port}`;
const client = (id, more) => ({
  client_id: id,
  application_type: 'native',
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: ['http://127.0.0.1/callback'],
  ...more,
});

const provider = new Provider(issuer, {
  clients: [
    client('confidential', { client_secret: 'oidc-secret-0001' }),
    client('in-body', {
      client_secret: 'oidc-secret-0002',
      token_endpoint_auth_method: 'client_secret_post',
    }),
    client('public', { token_endpoint_auth_method: 'none' }),
    {
      client_id: 'machine',
      client_secret: 'oidc-secret-0003',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
  ],
  cookies: { keys: ['only for tests'] },
  features: { clientCredentials: { enabled: true }, revocation: { enabled: true } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: id.toUpperCase() }) }),
  issueRefreshToken: () => true,
  rotateRefreshToken: () => true,
  pkce: { required: () => true },
  ttl: { AccessToken: seconds, ClientCredentials: seconds, Grant: 86400, RefreshToken: 86400 },
});

let refreshes = 0;
provider.on('refresh_token.saved', () => { refreshes += 1; });
provider.use(async (ctx, next) => {
  if (ctx.path === '/refreshes') { ctx.body = String(refreshes); return; }
  await next();
});
provider.listen(port, '127.0.0.1', () => console.log('ready'));
