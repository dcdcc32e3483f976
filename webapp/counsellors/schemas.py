"""Counsellors as the JSON door writes and reads them."""

from __future__ import annotations

from marshmallow import fields

from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import COUNSELLOR
from webapp.core.jsonapi.schemas import Out


class CounsellorBriefOut(Out):
    """A counsellor in a list inside something else."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": COUNSELLOR})
    name = fields.String(required=True)
    title = fields.String(required=True)
    experience = fields.Integer(required=True, metadata={"description": "Years."})
    rating = fields.Float(required=True)
    review_count = fields.Integer(data_key="totalReviews", required=True)
    languages = fields.List(fields.String(), required=True)
    specializations = fields.List(fields.String(), required=True)
