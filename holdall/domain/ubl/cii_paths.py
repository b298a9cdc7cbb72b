"""The paths of business terms in CII, by their paths in UBL."""

DEAL = "rsm:SupplyChainTradeTransaction"
AGREEMENT = f"{DEAL}/ram:ApplicableHeaderTradeAgreement"
SETTLEMENT = f"{DEAL}/ram:ApplicableHeaderTradeSettlement"
SUMS = "ram:SpecifiedTradeSettlementHeaderMonetarySummation"
ACCOUNT = "ram:ReceivableSpecifiedTradeAccountingAccount/ram:ID"

HEAD = {
    "cbc:ID": "rsm:ExchangedDocument/ram:ID",
    "cbc:IssueDate": "rsm:ExchangedDocument/ram:IssueDateTime/udt:DateTimeString",
    "cbc:DueDate": f"{SETTLEMENT}/ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime/udt:DateTimeString",
    "cac:PaymentMeans/cbc:PaymentID": f"{SETTLEMENT}/ram:PaymentReference",
    "cbc:InvoiceTypeCode": "rsm:ExchangedDocument/ram:TypeCode",
    "cbc:DocumentCurrencyCode": f"{SETTLEMENT}/ram:InvoiceCurrencyCode",
    "cbc:AccountingCost": f"{SETTLEMENT}/{ACCOUNT}",
}
PARTY = {
    "cac:PartyIdentification/cbc:ID": "ram:GlobalID",
    "cac:PartyName/cbc:Name": "ram:SpecifiedLegalOrganization/ram:TradingBusinessName",
    "cac:PartyLegalEntity/cbc:RegistrationName": "ram:Name",
    "cbc:EndpointID": "ram:URIUniversalCommunication/ram:URIID",
}
TOTALS = {
    "cbc:PrepaidAmount": "ram:TotalPrepaidAmount",
    "cbc:PayableRoundingAmount": "ram:RoundingAmount",
    "cbc:PayableAmount": "ram:DuePayableAmount",
}
CHARGE = {
    "cbc:ChargeIndicator": "ram:ChargeIndicator/udt:Indicator",
    "cbc:AllowanceChargeReason": "ram:Reason",
    "cbc:Amount": "ram:ActualAmount",
    "cac:TaxCategory/cbc:ID": "ram:CategoryTradeTax/ram:CategoryCode",
    "cac:TaxCategory/cbc:Percent": "ram:CategoryTradeTax/ram:RateApplicablePercent",
}
SERVICE = {
    "cbc:AllowanceChargeReason": "ram:Description",
    "cbc:Amount": "ram:AppliedAmount",
    "cac:TaxCategory/cbc:ID": "ram:AppliedTradeTax/ram:CategoryCode",
    "cac:TaxCategory/cbc:Percent": "ram:AppliedTradeTax/ram:RateApplicablePercent",
}
SUBTOTAL = {
    "cbc:TaxableAmount": "ram:BasisAmount",
    "cbc:TaxAmount": "ram:CalculatedAmount",
    "cac:TaxCategory/cbc:ID": "ram:CategoryCode",
    "cac:TaxCategory/cbc:Percent": "ram:RateApplicablePercent",
}
PRODUCT = "ram:SpecifiedTradeProduct"
PRICE = "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice"
OF_LINE = "ram:SpecifiedLineTradeSettlement"
LINE_SUM = f"{OF_LINE}/ram:SpecifiedTradeSettlementLineMonetarySummation"
LINE = {
    "cbc:ID": "ram:AssociatedDocumentLineDocument/ram:LineID",
    "cbc:InvoicedQuantity": "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity",
    "cbc:LineExtensionAmount": f"{LINE_SUM}/ram:LineTotalAmount",
    "cbc:AccountingCost": f"{OF_LINE}/{ACCOUNT}",
    "cac:Item/cbc:Description": f"{PRODUCT}/ram:Description",
    "cac:Item/cbc:Name": f"{PRODUCT}/ram:Name",
    "cac:Item/cac:SellersItemIdentification/cbc:ID": f"{PRODUCT}/ram:SellerAssignedID",
    "cac:Item/cac:BuyersItemIdentification/cbc:ID": f"{PRODUCT}/ram:BuyerAssignedID",
    "cac:Item/cac:StandardItemIdentification/cbc:ID": f"{PRODUCT}/ram:GlobalID",
    "cac:Item/cac:ClassifiedTaxCategory/cbc:ID": f"{OF_LINE}/ram:ApplicableTradeTax/ram:CategoryCode",
    "cac:Item/cac:ClassifiedTaxCategory/cbc:Percent": f"{OF_LINE}/ram:ApplicableTradeTax/ram:RateApplicablePercent",
    "cac:Price/cbc:PriceAmount": f"{PRICE}/ram:ChargeAmount",
    "cac:Price/cbc:BaseQuantity": f"{PRICE}/ram:BasisQuantity",
}
CLASS = "cac:Item/cac:CommodityClassification"
