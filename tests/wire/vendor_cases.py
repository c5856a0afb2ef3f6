"""Operations of vendors' published documents, as their documentation says that they are called.

The requests are written by hand from the vendors' documentation; the documents lead there.
"""

from __future__ import annotations

from typing import Any

from body_cases import END, FORM_TYPE, JSON_TYPE, PARTS_TYPE, PLAIN, part
from wire_case import Case, Section, Sent

JSON = "application/json"
TOKEN = "Authorization: Bearer tok_a1b2c3d4"


def called(
    file: str,
    operation: str,
    arguments: dict[str, Any],
    line: str,
    *headers: str,
    body: str | bytes | None = None,
    accept: str = JSON,
    page: str,
    about: str = "",
    says: str = "",
    **settings: Any,
) -> Case:
    """A call of one vendor's operation; `page` names what its documentation says of it."""
    title = f"{operation}: {about}" if about else operation
    sent = Sent(line, headers, body, accept)
    return Case(
        title,
        file,
        arguments,
        sent,
        operation,
        settings=settings,
        says=f"Source: {page}. {says}".strip(),
    )


def stripe(
    operation: str, arguments: dict[str, Any], line: str, *headers: str, **more: Any
) -> Case:
    """A call of Stripe with its key as a bearer token."""
    auth = {"bearerAuth": "${TOKEN}"}
    return called("stripe.json", operation, arguments, line, *headers, TOKEN, auth=auth, **more)


STRIPE = [
    stripe(
        "PostCustomers",
        {
            "name": "Jenny Rosen",
            "email": "jenny+1@example.com",
            "balance": 0,
            "metadata": {"order_id": "6735", "a b": ""},
            "address": {"city": "São Paulo", "country": "NO"},
            "preferred_locales": ["pt", "en"],
            "expand": ["sources", "subscriptions"],
        },
        "POST /v1/customers",
        *FORM_TYPE,
        body="address%5Bcity%5D=S%C3%A3o+Paulo&address%5Bcountry%5D=NO&balance=0"
        "&email=jenny%2B1%40example.com&expand%5B%5D=sources&expand%5B%5D=subscriptions"
        "&metadata%5Border_id%5D=6735&metadata%5Ba+b%5D=&name=Jenny+Rosen"
        "&preferred_locales%5B%5D=pt&preferred_locales%5B%5D=en",
        about="nested form parameters",
        page="docs.stripe.com, Introduction to server-side SDKs, Send API requests; API, Metadata",
    ),
    stripe(
        "PostSubscriptions",
        {
            "customer": "cus_1",
            "items": [{"price": "price_1", "quantity": 2}, {"price": "price_2"}],
            "cancel_at_period_end": False,
            "expand": ["latest_invoice.payment_intent"],
        },
        "POST /v1/subscriptions",
        *FORM_TYPE,
        body="cancel_at_period_end=false&customer=cus_1"
        "&expand%5B%5D=latest_invoice.payment_intent&items%5B0%5D%5Bprice%5D=price_1"
        "&items%5B0%5D%5Bquantity%5D=2&items%5B1%5D%5Bprice%5D=price_2",
        about="a list of objects",
        page="docs.stripe.com, API, Create a subscription; Expanding Responses",
    ),
    stripe(
        "PostCheckoutSessions",
        {
            "success_url": "https://shop.example/ok?id={CHECKOUT_SESSION_ID}",
            "mode": "payment",
            "line_items": [
                {
                    "price_data": {
                        "currency": "eur",
                        "unit_amount": 2000,
                        "product_data": {"name": "T-shirt"},
                    },
                    "quantity": 1,
                }
            ],
        },
        "POST /v1/checkout/sessions",
        *FORM_TYPE,
        body="line_items%5B0%5D%5Bprice_data%5D%5Bcurrency%5D=eur"
        "&line_items%5B0%5D%5Bprice_data%5D%5Bunit_amount%5D=2000"
        "&line_items%5B0%5D%5Bprice_data%5D%5Bproduct_data%5D%5Bname%5D=T-shirt"
        "&line_items%5B0%5D%5Bquantity%5D=1&mode=payment"
        "&success_url=https%3A%2F%2Fshop.example%2Fok%3Fid%3D%7BCHECKOUT_SESSION_ID%7D",
        about="four levels of nesting",
        page="docs.stripe.com, API, Create a Checkout Session; Checkout, Quickstart",
    ),
    stripe(
        "GetCharges",
        {"created": {"gte": 1700000000, "lt": 1800000000}, "limit": 3, "expand": ["data.customer"]},
        "GET /v1/charges?created%5Bgte%5D=1700000000&created%5Blt%5D=1800000000"
        "&expand%5B%5D=data.customer&limit=3",
        about="a range in the query",
        page="docs.stripe.com, API, List all charges; Expanding Responses",
    ),
    stripe(
        "GetCharges",
        {"created": 1700000000},
        "GET /v1/charges?created=1700000000",
        about="the same parameter as a number",
        says="Stripe documents the range alone; its document takes a number, too.",
        page="docs.stripe.com, API, List all charges",
    ),
    called(
        "stripe.json",
        "GetCustomersCustomer",
        {"customer": "cus_1"},
        "GET /v1/customers/cus_1",
        "Authorization: Basic a2V5X2U1ZjZhN2I4Og==",
        auth={"basicAuth": {"username": "${KEY}", "password": "${NOTHING:-}"}},
        about="the key as a user name, without a password",
        says="`curl -u key_e5f6a7b8:` in Stripe's documentation.",
        page="docs.stripe.com, API, Authentication",
    ),
    stripe(
        "PostFiles",
        {
            "purpose": "dispute_evidence",
            "file": {"name": "a.png", "media_type": "image/png", "base64": "YQ=="},
        },
        "POST /v1/files",
        *PARTS_TYPE,
        body=part("a", 'name="file"; filename="a.png"', "image/png")
        + part("dispute_evidence", 'name="purpose"', PLAIN)
        + END,
        about="a file",
        says="Stripe's document describes the file as any text; that it may be a file is told as a"
        " change. Without `base_url` it goes to files.stripe.com, as the operation says.",
        page="docs.stripe.com, API, Create a file; File uploads",
    ),
]


def slack(operation: str, arguments: dict[str, Any], line: str, *headers: str, **more: Any) -> Case:
    """A call of Slack; its document repeats the token as an argument, which the owner omits."""
    auth = {"slackAuth": "${TOKEN}"}
    more = {"auth": auth, "omit": ["token"], **more}
    return called("slack.json", operation, arguments, line, *headers, TOKEN, **more)


SLACK = [
    slack(
        "chat_postMessage",
        {
            "channel": "C123ABC456",
            "text": "Hello & welcome, é 🚚",
            "unfurl_links": False,
            "blocks": '[{"type":"divider"}]',
        },
        "POST /chat.postMessage",
        *FORM_TYPE,
        body="blocks=%5B%7B%22type%22%3A%22divider%22%7D%5D&channel=C123ABC456"
        "&text=Hello+%26+welcome%2C+%C3%A9+%F0%9F%9A%9A&unfurl_links=false",
        says="Slack documents JSON for this method too; its document knows the form alone, in which"
        " `blocks` is text.",
        page="docs.slack.dev, chat.postMessage; Using the Slack Web API, URL-encoded bodies",
    ),
    slack(
        "conversations_list",
        {"exclude_archived": True, "types": "public_channel,private_channel", "limit": 200},
        "GET /conversations.list?exclude_archived=true"
        "&types=public_channel%2Cprivate_channel&limit=200",
        page="docs.slack.dev, conversations.list",
    ),
    slack(
        "users_lookupByEmail",
        {"email": "spengler+gb@ghostbusters.example"},
        "GET /users.lookupByEmail?email=spengler%2Bgb%40ghostbusters.example",
        page="docs.slack.dev, users.lookupByEmail",
    ),
]


def github(
    operation: str, arguments: dict[str, Any], line: str, *headers: str, **more: Any
) -> Case:
    """A call of GitHub, whose document requires nothing: the credential is sent with all."""
    auth = {"bearer": "${TOKEN}"}
    arguments = {"owner": "octocat", "repo": "hello-world", **arguments}
    if "{owner}" not in line:
        del arguments["owner"], arguments["repo"]
    line = line.replace("{owner}", "octocat").replace("{repo}", "hello-world")
    return called("github.json", operation, arguments, line, *headers, TOKEN, auth=auth, **more)


GITHUB = [
    github(
        "issues/create",
        {
            "title": "Found a bug",
            "body": "I'm having a problem with this.\n",
            "assignees": ["octocat"],
            "milestone": 1,
            "labels": ["bug", {"name": "ui", "color": None}],
        },
        "POST /repos/{owner}/{repo}/issues",
        *JSON_TYPE,
        body='{"title":"Found a bug","body":"I\'m having a problem with this.\\n","milestone":1,'
        '"labels":["bug",{"name":"ui","color":null}],"assignees":["octocat"]}',
        says="GitHub recommends `Accept: application/vnd.github+json`; its document says"
        " application/json.",
        page="docs.github.com, REST API, Issues, Create an issue",
    ),
    github(
        "search/issues-and-pull-requests",
        {"q": "windows label:bug language:c++ state:open", "sort": "created", "per_page": 10},
        "GET /search/issues?q=windows%20label%3Abug%20language%3Ac%2B%2B%20state%3Aopen"
        "&sort=created&per_page=10",
        says="GitHub writes `q=windows+label:bug`, where a query is read as the same (WHATWG URL,"
        " section 5.1).",
        page="docs.github.com, REST API, Search, Search issues and pull requests",
    ),
    github(
        "repos/get-content",
        {"path": "docs/READ ME.md", "ref": "feature/a#1"},
        "GET /repos/{owner}/{repo}/contents/docs%2FREAD%20ME.md?ref=feature%2Fa%231",
        says="GitHub documents slashes inside of `path`. OpenAPI has no path parameter of several"
        " segments (3.1.1, Path Templating), and its document leads to one.",
        page="docs.github.com, REST API, Repository contents, Get repository content",
    ),
    github(
        "issues/add-labels",
        {"issue_number": 1347, "body": {"labels": ["bug", "a, b"]}},
        "POST /repos/{owner}/{repo}/issues/1347/labels",
        *JSON_TYPE,
        body='{"labels":["bug","a, b"]}',
        about="a body with several forms is one argument",
        page="docs.github.com, REST API, Labels, Add labels to an issue",
    ),
    github(
        "repos/upload-release-asset",
        {
            "release_id": 1,
            "name": "build 1.zip",
            "body": {"name": "build.zip", "media_type": "application/zip", "base64": "UEsDBA=="},
        },
        "POST /repos/{owner}/{repo}/releases/1/assets?name=build%201.zip",
        "Content-Type: application/octet-stream",
        body=b"PK\x03\x04",
        says="GitHub documents the type of the asset (application/zip); its document knows"
        " application/octet-stream alone. Without `base_url` it goes to uploads.github.com.",
        page="docs.github.com, REST API, Release assets, Upload a release asset",
    ),
    github(
        "markdown/render-raw",
        {"body": "Hello **world** é"},
        "POST /markdown/raw",
        f"Content-Type: {PLAIN}",
        body="Hello **world** é",
        accept="text/html",
        page="docs.github.com, REST API, Markdown, Render a Markdown document in raw mode",
    ),
]

ACCOUNT = "AC00000000000000000000000000000001"


def twilio(
    operation: str, arguments: dict[str, Any], line: str, *headers: str, **more: Any
) -> Case:
    """A call of Twilio with the account and its token as user name and password."""
    auth = {"accountSid_authToken": {"username": "${USER}", "password": "${PASSWORD}"}}
    basic = "Authorization: Basic dXNlcl9jOnBhc3NfOWQ4YzdiNmE="
    arguments = {"AccountSid": ACCOUNT, **arguments}
    line = line.replace("{account}", f"/2010-04-01/Accounts/{ACCOUNT}")
    return called("twilio.json", operation, arguments, line, *headers, basic, auth=auth, **more)


TWILIO = [
    twilio(
        "CreateMessage",
        {
            "To": "+15558675310",
            "From": "whatsapp:+15017122661",
            "Body": "McAvoy or Stewart? ~100% & more",
            "MediaUrl": ["https://c1.example/a.png?x=1&y=2", "https://c1.example/b.png"],
            "SmartEncoded": False,
        },
        "POST {account}/Messages.json",
        *FORM_TYPE,
        body="Body=McAvoy+or+Stewart%3F+%7E100%25+%26+more&From=whatsapp%3A%2B15017122661"
        "&MediaUrl=https%3A%2F%2Fc1.example%2Fa.png%3Fx%3D1%26y%3D2"
        "&MediaUrl=https%3A%2F%2Fc1.example%2Fb.png&SmartEncoded=false&To=%2B15558675310",
        about="a repeated MediaUrl",
        page="twilio.com/docs, Messages resource, Create a Message resource",
    ),
    twilio(
        "CreateCall",
        {
            "To": "+14155551212",
            "From": "+18668675310",
            "Url": "http://demo.example/docs/voice.xml",
            "StatusCallback": "https://www.myapp.example/events",
            "StatusCallbackEvent": ["initiated", "answered"],
            "Record": False,
        },
        "POST {account}/Calls.json",
        *FORM_TYPE,
        body="From=%2B18668675310&Record=false"
        "&StatusCallback=https%3A%2F%2Fwww.myapp.example%2Fevents&StatusCallbackEvent=initiated"
        "&StatusCallbackEvent=answered&To=%2B14155551212"
        "&Url=http%3A%2F%2Fdemo.example%2Fdocs%2Fvoice.xml",
        page="twilio.com/docs, Call resource, Create a Call resource",
    ),
    twilio(
        "ListMessage",
        {"To": "+15558675310", "DateSent>": "2026-01-31T00:00:00Z", "PageSize": 20},
        "GET {account}/Messages.json"
        "?To=%2B15558675310&DateSent%3E=2026-01-31T00%3A00%3A00Z&PageSize=20",
        about="a name that is encoded",
        says="Twilio documents `DateSent>=2026-01-31T00:00:00Z`: the name `DateSent>`, then `=`.",
        page="twilio.com/docs, Messages resource, Read multiple Message resources",
    ),
    twilio(
        "DeleteMessage",
        {"Sid": "SM00000000000000000000000000000002"},
        "DELETE {account}/Messages/SM00000000000000000000000000000002.json",
        accept="application/json, */*;q=0.8",
        page="twilio.com/docs, Messages resource, Delete a Message resource",
    ),
]


def kubernetes(
    operation: str, arguments: dict[str, Any], line: str, *headers: str, **more: Any
) -> Case:
    """A call of Kubernetes; its document describes the token as a key in the header."""
    auth = {"BearerToken": "Bearer ${TOKEN}"}
    shown = "authorization: Bearer tok_a1b2c3d4"
    arguments = {"namespace": "default", **arguments}
    return called("kubernetes.json", operation, arguments, line, *headers, shown, auth=auth, **more)


PODS = "/api/v1/namespaces/default/pods"
KUBERNETES = [
    kubernetes(
        "listCoreV1NamespacedPod",
        {
            "labelSelector": "environment in (production,qa),tier!=frontend",
            "fieldSelector": "status.phase=Running",
            "limit": 0,
            "watch": False,
        },
        f"GET {PODS}?fieldSelector=status.phase%3DRunning"
        "&labelSelector=environment%20in%20%28production%2Cqa%29%2Ctier%21%3Dfrontend"
        "&limit=0&watch=false",
        about="label selectors",
        says="Kubernetes shows `environment+in+%28production%2Cqa%29`, where a plus sign is the"
        " same space as `%20`.",
        page="kubernetes.io/docs, Labels and Selectors, LIST and WATCH filtering",
    ),
    kubernetes(
        "patchAppsV1NamespacedDeployment",
        {"name": "web", "fieldManager": "me", "body": {"spec": {"replicas": 0, "paused": None}}},
        "PATCH /apis/apps/v1/namespaces/default/deployments/web?fieldManager=me",
        "Content-Type: application/merge-patch+json",
        body='{"spec":{"replicas":0,"paused":null}}',
        about="a merge patch",
        says="RFC 7396: null takes a member away. The document lists several kinds of patches; this"
        " one is chosen, and told as a change.",
        page="kubernetes.io/docs, Update API Objects in Place Using kubectl patch",
    ),
    kubernetes(
        "deleteCoreV1NamespacedPod",
        {
            "name": "web-0",
            "gracePeriodSeconds": 0,
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "propagationPolicy_body": "Foreground",
        },
        f"DELETE {PODS}/web-0?gracePeriodSeconds=0",
        *JSON_TYPE,
        body='{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Foreground"}',
        about="a body on DELETE, and names that stand in query and body",
        says="The page deletes a Deployment with the same body.",
        page="kubernetes.io/docs, Use Cascading Deletion in a Cluster; Pod, delete",
    ),
    kubernetes(
        "createCoreV1NamespacedConfigMap",
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "game", "labels": {"app.kubernetes.io/name": "game"}},
            "data": {"lives": "3", "empty": ""},
            "immutable": False,
        },
        "POST /api/v1/namespaces/default/configmaps",
        *JSON_TYPE,
        body='{"apiVersion":"v1","data":{"lives":"3","empty":""},"immutable":false,'
        '"kind":"ConfigMap","metadata":{"name":"game",'
        '"labels":{"app.kubernetes.io/name":"game"}}}',
        page="kubernetes.io/docs, Kubernetes API, ConfigMap, create",
    ),
]

ORDER = (
    " Each case names the page that describes its call, as it was looked up in November 2026."
    " Members and parameters stand in the order of the document; where the documentation writes"
    " `a[b]`, a form has `a%5Bb%5D`, which is the same name (WHATWG URL, section 5.1)."
)
SECTIONS = [
    Section("Stripe", "docs.stripe.com/api." + ORDER, STRIPE),
    Section("Slack", "docs.slack.dev/reference/methods; the owner has `omit: [token]`.", SLACK),
    Section("GitHub", "docs.github.com/rest.", GITHUB),
    Section("Twilio", "twilio.com/docs/usage/api.", TWILIO),
    Section("Kubernetes", "kubernetes.io/docs/reference/kubernetes-api.", KUBERNETES),
]
