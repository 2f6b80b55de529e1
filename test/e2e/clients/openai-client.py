"""Drives a gateway with the official OpenAI library for Python. Fails with the first thing that is not as it should be.

Arguments: base URL, model that says what its script says, model that embeds.
"""

import asyncio
import json
import sys

import openai

base_url, model, embedder = sys.argv[1:4]
client = openai.OpenAI(base_url=base_url, api_key="any", max_retries=0)

SAID = "Hello there! I am a scripted model."
WEATHER = {
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
TOOL = {"type": "function", "function": WEATHER}


def user(content):
    return {"role": "user", "content": content}


def equal(seen, expected):
    if seen != expected:
        raise AssertionError(f"{seen!r} is not {expected!r}")


def lists_models():
    ids = [each.id for each in client.models.list()]
    equal(len(ids), 2)
    equal(client.models.retrieve(ids[0]).id, ids[0])


def chats():
    answer = client.chat.completions.create(model=model, messages=[user("Please !say now.")])
    equal(answer.choices[0].message.content, SAID)
    equal(answer.choices[0].finish_reason, "stop")
    assert answer.usage.completion_tokens > 0


def streams_a_chat():
    pieces, usage = [], None
    wishes = {"stream": True, "stream_options": {"include_usage": True}}
    for chunk in client.chat.completions.create(model=model, messages=[user("Please !say now.")], **wishes):
        if chunk.choices:
            pieces.append(chunk.choices[0].delta.content or "")
        usage = chunk.usage or usage
    equal("".join(pieces), SAID)
    assert usage.prompt_tokens > 0


def calls_a_tool():
    answer = client.chat.completions.create(model=model, messages=[user("Please !tool now.")], tools=[TOOL])
    message = answer.choices[0].message
    call = message.tool_calls[0]
    equal(call.function.name, "get_weather")
    equal(json.loads(call.function.arguments), {"city": "Paris"})
    messages = [
        user("Please !tool now."),
        message,
        {"role": "tool", "tool_call_id": call.id, "content": "Sunny."},
        user("Please !say now."),
    ]
    answer = client.chat.completions.create(model=model, messages=messages, tools=[TOOL])
    equal(answer.choices[0].message.content, SAID)


def keeps_to_a_schema():
    import pydantic

    class Answer(pydantic.BaseModel):
        answer: int
        ok: bool

    messages = [user("Please !json now.")]
    parsed = client.chat.completions.parse(model=model, messages=messages, response_format=Answer)
    equal(parsed.choices[0].message.parsed, Answer(answer=42, ok=True))


def embeds():
    packed = client.embeddings.create(model=embedder, input=["one", "two words"])
    plain = client.embeddings.create(model=embedder, input=["one", "two words"], encoding_format="float")
    for left, right in zip(packed.data, plain.data, strict=True):
        assert len(left.embedding) == len(right.embedding) > 0
        assert all(abs(a - b) < 1e-5 for a, b in zip(left.embedding, right.embedding, strict=True))


def cancels():
    stream = client.chat.completions.create(
        model=model, messages=[user("Please !loop now.")], max_tokens=4000, stream=True
    )
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            break
    stream.close()


def raises_what_its_types_say():
    try:
        client.chat.completions.create(model="nobody/nothing", messages=[user("Hi")])
    except openai.NotFoundError as error:
        equal(error.code, "model_not_found")
    else:
        raise AssertionError("An unknown model was answered.")
    try:
        client.chat.completions.create(model=model, messages=[user("Hi")], web_search_options={})
    except openai.BadRequestError as error:
        equal(error.param, "web_search_options")
    else:
        raise AssertionError("Something that nothing here does was not refused.")


def makes_responses():
    first = client.responses.create(model=model, input="Please !say now.")
    equal(first.output_text, SAID)
    second = client.responses.create(model=model, input="Please !say now.", previous_response_id=first.id)
    assert second.usage.input_tokens > first.usage.input_tokens
    equal(client.responses.retrieve(second.id).output_text, SAID)
    items = client.responses.input_items.list(first.id)
    equal(items.data[0].content[0].text, "Please !say now.")
    with client.responses.stream(model=model, input="Please !say now.") as stream:
        pieces = [event.delta for event in stream if event.type == "response.output_text.delta"]
        equal("".join(pieces), SAID)
        equal(stream.get_final_response().output_text, SAID)
    client.responses.delete(first.id)


async def works_asynchronously():
    async with openai.AsyncOpenAI(base_url=base_url, api_key="any", max_retries=0) as asynchronous:
        create = asynchronous.chat.completions.create
        asked = [create(model=model, messages=[user("Please !say now.")]) for _ in range(4)]
        for answer in await asyncio.gather(*asked):
            equal(answer.choices[0].message.content, SAID)


CHECKS = [
    lists_models,
    chats,
    streams_a_chat,
    calls_a_tool,
    keeps_to_a_schema,
    embeds,
    cancels,
    raises_what_its_types_say,
    makes_responses,
]

for check in CHECKS:
    check()
    print(check.__name__)
asyncio.run(works_asynchronously())
print("works_asynchronously")
