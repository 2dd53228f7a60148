"""A chat: everybody gets what anybody says."""

import os

import boto3
from chalice import Chalice, WebsocketDisconnectedError

app = Chalice(app_name="chat")
app.experimental_feature_flags.update(["WEBSOCKETS"])
app.websocket_api.session = boto3.session.Session()


def connections():
    return boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


@app.route("/")
def count():
    return {"connections": connections().scan()["Count"]}


@app.on_ws_connect()
def connect(event):
    connections().put_item(Item={"id": event.connection_id})


@app.on_ws_disconnect()
def disconnect(event):
    connections().delete_item(Key={"id": event.connection_id})


@app.on_ws_message()
def message(event):
    for item in connections().scan()["Items"]:
        try:
            app.websocket_api.send(item["id"], event.body)
        except WebsocketDisconnectedError as error:
            connections().delete_item(Key={"id": error.connection_id})
